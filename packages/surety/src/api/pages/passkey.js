// The one script of the pages: asks the person's authenticator, and puts what it answers into the form. Without it
// everything can be read, and refused.

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (each) => each.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');

const credentialsIn = (names) =>
  names
    .split(' ')
    .filter((each) => each !== '')
    .map((each) => ({ type: 'public-key', id: bytesOf(each) }));

const refusals = {
  NotAllowedError: 'It was cancelled, or took too long. Nothing was sent.',
  InvalidStateError: 'This device has a passkey for you already.',
  SecurityError: 'This page does not have the name that passkeys were made for.',
};

async function create({ challenge, user, handle, known = '' }) {
  const { id, response } = await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(challenge),
      rp: { name: 'Surety' },
      user: { id: bytesOf(handle), name: user, displayName: user },
      pubKeyCredParams: [
        { type: 'public-key', alg: -7 },
        { type: 'public-key', alg: -8 },
      ],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: credentialsIn(known),
      attestation: 'none',
    },
  });
  return { credential: id, publicKey: textOf(response.getPublicKey()) };
}

async function get({ challenge, credentials = '' }) {
  const { id, response } = await navigator.credentials.get({
    publicKey: {
      challenge: bytesOf(challenge),
      allowCredentials: credentialsIn(credentials),
      userVerification: 'required',
    },
  });
  return {
    credential: id,
    authenticatorData: textOf(response.authenticatorData),
    clientDataJSON: textOf(response.clientDataJSON),
    signature: textOf(response.signature),
  };
}

async function submit(form) {
  const said = form.querySelector('[role=alert]');
  const button = form.querySelector('button');
  button.disabled = true;
  said.textContent = '';
  try {
    const given = await (form.dataset.passkey === 'create' ? create : get)(form.dataset);
    for (const [name, value] of Object.entries(given)) form.elements[name].value = value;
    form.submit();
  } catch (error) {
    said.textContent = refusals[error.name] ?? 'The passkey could not be asked.';
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!('credentials' in navigator)) continue;
  form.querySelector('button').hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(form);
  });
}
