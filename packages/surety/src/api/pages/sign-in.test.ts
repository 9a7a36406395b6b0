// Who gets in, and who does not: passkeys of an authenticator in software, a real provider on loopback, one that lies.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authenticator, type Wrong } from '../../../../proof/src/approvals/authenticator.fixture.ts';
import { files, people, TestHouse, told } from '../../house.fixture.ts';
import { cookieNames } from './guard.ts';
import { origin, readable, TestPages, type Visited } from './pages.fixture.ts';
import { client, openLiar, openProvider, signInAt } from './provider.fixture.ts';
import { Provider } from './provider.ts';
import { answerPath } from './sign-in.ts';

const { ines, sam, paul } = people;
const [own, stolen] = [new Authenticator(origin), new Authenticator(origin)];

const withPasskey = {
  ...files,
  'surety.yaml': files['surety.yaml'].replace(
    `keys: ["${ines.line}"] }`,
    `keys: ["${ines.line}", "${own.line}"], accounts: [i.vega@acme.example] }`,
  ),
};

const cookieIn = ({ headers }: Visited, name: keyof typeof cookieNames): string | undefined =>
  headers
    .getSetCookie()
    .map((set) => set.split(';')[0] ?? '')
    .find((pair) => pair.startsWith(`${cookieNames[name]}=`) && !pair.endsWith('='));

let house: TestHouse;
let pages: TestPages;
beforeAll(async () => {
  house = await TestHouse.open(withPasskey);
  pages = new TestPages(house);
});
afterAll(async () => {
  expect(pages.faults).toEqual([]);
  await house?.close();
});

const fieldsOf = (asserted: ReturnType<Authenticator['get']>) => ({
  credential: asserted.id,
  authenticatorData: asserted.response.authenticatorData,
  clientDataJSON: asserted.response.clientDataJSON,
  signature: asserted.response.signature,
});

const post = (path: string, fields: Readonly<Record<string, string>>, cookie = '') =>
  pages.ask(path, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin, cookie },
  });

const asked = async (to = '/') => {
  const seen = await pages.ask(`/sign-in?to=${encodeURIComponent(to)}`);
  const challenge = /data-challenge="([\w-]{43})"/.exec(seen.text)?.[1] ?? '';
  return { challenge, door: cookieIn(seen, 'door') ?? '' };
};

describe('by a passkey', () => {
  test('lets its person in, where they wanted to go, and is a fact', async () => {
    const { challenge, door } = await asked('/approve/h-123456789012');
    const entered = await post('/sign-in/passkey', fieldsOf(own.get(challenge)), door);
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/approve/h-123456789012']);
    const set = entered.headers.getSetCookie().find((each) => each.startsWith(`${cookieNames.session}=`));
    expect(set).toMatch(/^__Host-surety=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    const home = await pages.ask('/', { headers: { cookie: cookieIn(entered, 'session') ?? '' } });
    expect(readable(home.text)).toContain(ines.id);
    const [fact] = (await house.factsOf('session.opened')).slice(-1);
    expect(fact?.body).toMatchObject({ person: ines.id, by: 'passkey', key: own.key.id });
    expect(JSON.stringify(fact)).not.toContain(cookieIn(entered, 'session')?.split('=')[1]);
  });

  const wrongs: [string, Wrong][] = [
    ['made on a page of another origin', { client: { origin: 'https://approve.acme.example.evil.example' } }],
    ['made for another host', { host: 'acme.example' }],
    ['of nobody whom the authenticator recognised', { flags: 0x01 }],
    ['made under another page', { client: { crossOrigin: true } }],
    ['of a registration', { client: { type: 'webauthn.create' } }],
    ['by the authenticator of somebody else', { signer: stolen }],
  ];
  test.each(wrongs)('an assertion %s lets nobody in', async (_, wrong) => {
    const { challenge, door } = await asked();
    own.wrong = wrong;
    const seen = await post('/sign-in/passkey', fieldsOf(own.get(challenge)), door).finally(() => {
      own.wrong = {};
    });
    expect(seen.status).toBe(403);
    expect(cookieIn(seen, 'session')).toBeUndefined();
  });

  test('the challenge of another browser, an old one, and one that served before let nobody in', async () => {
    const [mine, other] = [await asked(), await asked()];
    expect((await post('/sign-in/passkey', fieldsOf(own.get(other.challenge)), mine.door)).status).toBe(403);
    expect((await post('/sign-in/passkey', fieldsOf(own.get(mine.challenge)))).status).toBe(403);
    const fields = fieldsOf(own.get(mine.challenge));
    const both = await Promise.all([1, 2].map(() => post('/sign-in/passkey', fields, mine.door)));
    expect(both.map(({ status }) => status).toSorted()).toEqual([303, 403]);
    expect((await post('/sign-in/passkey', fields, mine.door)).status).toBe(403);
    const late = await asked();
    house.advance(11 * 60_000);
    expect((await post('/sign-in/passkey', fieldsOf(own.get(late.challenge)), late.door)).status).toBe(403);
  });

  test('a passkey that nobody has, and what is none, look the same', async () => {
    const { challenge, door } = await asked();
    const unknown = await post('/sign-in/passkey', fieldsOf(stolen.get(challenge)), door);
    const nothing = await post(
      '/sign-in/passkey',
      { credential: own.passkey.credential },
      (await asked()).door,
    );
    expect([unknown.status, nothing.status]).toEqual([403, 403]);
    expect(unknown.text).toBe(nothing.text);
  });

  test.each([
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/approve/../x',
    '/approve/a?b',
    '/sign-out',
    'x',
  ])('never leads to %s', async (to) => {
    const { challenge, door } = await asked(to);
    const entered = await post('/sign-in/passkey', fieldsOf(own.get(challenge)), door);
    expect(entered.headers.get('location')).toBe('/');
  });

  test('gives a new session each time, and ends the one that came along (fixation)', async () => {
    const chosen = pages.sessions.open(paul.id, 'provider').cookie;
    const { challenge, door } = await asked();
    const entered = await post(
      '/sign-in/passkey',
      fieldsOf(own.get(challenge)),
      `${door}; ${cookieNames.session}=${chosen}`,
    );
    expect(cookieIn(entered, 'session')).not.toContain(chosen);
    expect(pages.sessions.find(chosen)).toBeUndefined();
  });
});

describe('an approval on the page', () => {
  const shown = async (invoice: string) => {
    const { hold, ...call } = await pages.held(invoice);
    const { text } = await pages.visit(ines, `/approve/${hold}`);
    const challenge =
      /action="\/approve\/[\w-]+\/yes"[^>]*data-challenge="([\w-]{43})"/.exec(text)?.[1] ?? '';
    return { hold, ...call, text, challenge };
  };

  test('is signed by the passkey over exactly this call: the agent may make it, and a proof holds it', async () => {
    const { hold, args, case: of, challenge, text } = await shown('Y-1');
    expect(text).toContain(`data-credentials="${own.passkey.credential}"`);
    const sent = await pages.send(ines, `/approve/${hold}/yes`, fieldsOf(own.get(challenge)));
    expect([sent.status, sent.headers.get('location')]).toEqual([303, `/approve/${hold}`]);
    const receipt = readable((await pages.visit(ines, `/approve/${hold}`)).text);
    expect(receipt).toMatch(/It is approved, and not yet used.*Your answer stands in the ledger as fact \d+/);
    expect(told(await house.call('erp.pay', args, { case: of }))).toBe('result');
    expect(readable((await pages.visit(ines, `/approve/${hold}`)).text)).toContain('the agent has used that');
    const [given] = (await house.factsOf('approval.given')).slice(-1);
    expect(given?.body).toMatchObject({ hold, person: ines.id, key: own.key.id });
    expect(given?.body.assertion).toBeDefined();
  });

  test('needs the answer to this very call', async () => {
    const [first, second] = [await shown('Y-2'), await shown('Y-3')];
    const sent = await pages.send(ines, `/approve/${second.hold}/yes`, fieldsOf(own.get(first.challenge)));
    expect(sent.status).toBe(409);
    expect(readable(sent.text)).toContain('did not sign this');
    const { challenge } = await asked();
    const signIn = await pages.send(ines, `/approve/${second.hold}/yes`, fieldsOf(own.get(challenge)));
    expect(signIn.status).toBe(409);
    expect(told(await house.call('erp.pay', second.args, { case: second.case }))).toMatch(/^held/);
  });

  test('is not given by a session, nor with the passkey of another', async () => {
    const { hold, challenge } = await shown('Y-4');
    expect((await pages.send(ines, `/approve/${hold}/yes`, {})).status).toBe(409);
    expect((await pages.send(sam, `/approve/${hold}/yes`, fieldsOf(own.get(challenge)))).status).toBe(409);
    expect((await pages.send(paul, `/approve/${hold}/yes`, fieldsOf(own.get(challenge)))).status).toBe(404);
    expect(house.house.gateway.logic.approvalsIn(hold)).toEqual([]);
  });
});

describe('at a provider', () => {
  const accounts = {
    ines: { email: ines.id, email_verified: true },
    alias: { email: 'i.vega@acme.example', email_verified: true },
    typed: { email: ines.id, email_verified: false },
    silent: { email: ines.id },
    eve: { email: 'eve@acme.example', email_verified: true },
    nobody: {},
  };
  let provider: Awaited<ReturnType<typeof openProvider>>;
  let there: TestPages;
  beforeAll(async () => {
    provider = await openProvider(`${origin}${answerPath}`, accounts);
    const config = { issuer: provider.issuer, client: client.id, secret: client.secret, claim: 'email' };
    there = new TestPages(house, { provider: new Provider(config, `${origin}${answerPath}`) });
  });
  afterAll(() => provider?.close());

  const begun = async (to = '/') => {
    const seen = await there.ask(`/sign-in/provider?to=${encodeURIComponent(to)}`);
    return { url: seen.headers.get('location') ?? '', door: cookieIn(seen, 'door') ?? '', seen };
  };
  const back = (at: URL, door: string) =>
    there.ask(`${at.pathname}${at.search}`, { headers: { cookie: door, 'sec-fetch-site': 'cross-site' } });

  test('who is enrolled gets in with a verified address, and stays on our pages', async () => {
    const { url, door, seen } = await begun('/approve/h-123456789012');
    expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256');
    expect(seen.headers.getSetCookie()[0]).toContain('SameSite=Lax');
    const entered = await back(await signInAt(url, 'ines', origin), door);
    expect(entered.status).toBe(200);
    expect(entered.text).toContain('content="0; url=/approve/h-123456789012"');
    expect(entered.headers.getSetCookie().join()).toMatch(/__Host-surety=[\w-]{43}; [^,]*SameSite=Strict/);
    const [fact] = (await house.factsOf('session.opened')).slice(-1);
    expect(fact?.body).toMatchObject({ person: ines.id, by: 'provider', issuer: provider.issuer });
  });

  test('an account of a person is that person', async () => {
    const { url, door } = await begun();
    const entered = await back(await signInAt(url, 'alias', origin), door);
    const home = await there.ask('/', { headers: { cookie: cookieIn(entered, 'session') ?? '' } });
    expect(readable(home.text)).toContain(ines.id);
  });

  test('may refuse, and approves nothing by being signed in', async () => {
    const { url, door } = await begun();
    const entered = await back(await signInAt(url, 'ines', origin), door);
    const cookie = cookieIn(entered, 'session') ?? '';
    const { hold } = await there.held('O-1');
    const seen = await there.ask(`/approve/${hold}`, { headers: { cookie } });
    const token = /name="token" value="([\w-]{43})"/.exec(seen.text)?.[1] ?? '';
    const send = (answer: string) =>
      there.ask(`/approve/${hold}/${answer}`, {
        method: 'POST',
        body: new URLSearchParams({ token, reason: 'no such order' }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin, cookie },
      });
    expect((await send('yes')).status).toBe(409);
    expect(house.house.gateway.logic.approvalsIn(hold)).toEqual([]);
    expect((await send('no')).status).toBe(303);
  });

  test.each([
    ['whose address nobody verified', 'typed', 'unverified'],
    ['of whose address nobody says that it is verified', 'silent', 'unverified'],
    ['who is not enrolled', 'eve', 'not-enrolled'],
    ['who has no address', 'nobody', 'no-claim'],
  ])('nobody %s', async (_, login, code) => {
    const { url, door } = await begun();
    const seen = await back(await signInAt(url, login, origin), door);
    expect(seen.status).toBe(403);
    expect(cookieIn(seen, 'session')).toBeUndefined();
    expect(readable(seen.text)).not.toContain('eve@');
    const codes = (await house.factsOf('session.refused')).map(({ body }) => `${body.by} ${body.code}`);
    expect(codes).toContain(`provider ${code}`);
  });

  test('an answer belongs to the browser that asked, and serves once', async () => {
    const [mine, other] = [await begun(), await begun()];
    const at = await signInAt(mine.url, 'ines', origin);
    expect((await back(at, other.door)).status).toBe(403);
    expect((await back(at, '')).status).toBe(403);
    // The code of one conversation in another: PKCE and nonce are of the other.
    const injected = new URL(at);
    injected.searchParams.set('state', new URL(other.url).searchParams.get('state') ?? '');
    expect((await back(injected, other.door)).status).toBe(403);
    const again = await begun();
    const good = await signInAt(again.url, 'ines', origin);
    expect((await back(good, again.door)).status).toBe(200);
    expect((await back(good, again.door)).status).toBe(403);
  });

  test('an answer of another issuer is none (mix-up), nor is one without it or one that comes twice', async () => {
    for (const change of [
      (params: URLSearchParams) => params.set('iss', 'https://evil.example'),
      (params: URLSearchParams) => params.delete('iss'),
      (params: URLSearchParams) => params.append('code', 'other'),
      (params: URLSearchParams) => params.delete('state'),
    ]) {
      const { url, door } = await begun();
      const at = await signInAt(url, 'ines', origin);
      change(at.searchParams);
      expect((await back(at, door)).status).toBe(403);
    }
  });

  test('who says no there is not signed in here', async () => {
    const { url, door } = await begun();
    const state = new URL(url).searchParams.get('state') ?? '';
    const at = new URL(`${origin}${answerPath}`);
    at.search = new URLSearchParams({ error: 'access_denied', state, iss: provider.issuer }).toString();
    expect((await back(at, door)).status).toBe(403);
    expect(there.notes.at(-1)).toMatch(/^nobody signed in at the provider: denied/);
  });

  test('a provider that is away is said to be', async () => {
    const config = { issuer: 'http://127.0.0.1:9', client: client.id, claim: 'email' };
    const away = new TestPages(house, { provider: new Provider(config, `${origin}${answerPath}`) });
    const seen = await away.ask('/sign-in/provider');
    expect([seen.status, readable(seen.text)]).toEqual([
      502,
      expect.stringContaining('Your provider does not answer'),
    ]);
    expect(away.faults).toEqual([]);
  });

  test('without one there is no such address', async () => {
    expect((await pages.ask('/sign-in/provider')).status).toBe(404);
    expect((await pages.ask(`${answerPath}?code=a&state=b`)).status).toBe(404);
  });
});

describe('a provider that lies', () => {
  let liar: Awaited<ReturnType<typeof openLiar>>;
  beforeAll(async () => {
    liar = await openLiar(ines.id);
  });
  afterAll(() => liar?.close());

  const attempt = async (lie: typeof liar.lie) => {
    liar.lie = lie;
    const config = { issuer: liar.issuer, client: client.id, secret: client.secret, claim: 'email' };
    const there = new TestPages(house, { provider: new Provider(config, `${origin}${answerPath}`) });
    const begun = await there.ask('/sign-in/provider');
    const { searchParams } = new URL(begun.headers.get('location') ?? 'http://none');
    liar.nonce = searchParams.get('nonce') ?? '';
    const answer = new URLSearchParams({ code: 'c', state: searchParams.get('state') ?? '' });
    const seen = await there.ask(`${answerPath}?${answer}`, {
      headers: { cookie: cookieIn(begun, 'door') ?? '' },
    });
    expect(there.faults).toEqual([]);
    return seen.status;
  };
  const at = Math.floor(Date.now() / 1_000);

  test('is believed while it does not', async () => expect(await attempt({})).toBe(200));

  test.each([
    ['another nonce', { claims: { nonce: 'other' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['another audience', { claims: { aud: 'other' } }],
    ['several audiences, and another presenter', { claims: { aud: [client.id, 'other'], azp: 'other' } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['a token that is over', { claims: { exp: at - 600, iat: at - 900 } }],
    ['a token without an end', { claims: { exp: undefined } }],
    ['no signature', { alg: 'none' }],
    ['a signature with the secret of the client', { alg: 'HS256' }],
    ['a signature by another key', { otherKey: true }],
    ['an address that is verified by the word yes', { claims: { email_verified: 'yes' } }],
    ['a person who is not a text', { claims: { email: [ines.id] } }],
    ['itself as another issuer', { metadata: { issuer: 'https://evil.example' } }],
  ] as const)('with %s it lets nobody in', async (_, lie) =>
    expect(await attempt(lie as never)).not.toBe(200),
  );
});

describe('a flood of strangers', () => {
  test('is one fact, and then one a while with how many there were', async () => {
    const before = (await house.factsOf('session.refused')).length;
    const flood = new TestPages(house);
    for (let at = 0; at < 15; at++) flood.refusals.add('passkey', 'not-asked');
    flood.refusals.close();
    await house.log.flushed();
    const facts = (await house.factsOf('session.refused')).slice(before);
    expect(facts.map(({ body }) => body.count)).toEqual([1, 14]);
  });

  test('is turned away above some attempts a second', async () => {
    const flood = new TestPages(house, { attemptsPerSecond: 20 });
    const statuses: number[] = [];
    for (let at = 0; at < 40; at++) {
      const seen = await flood.ask('/sign-in/passkey', {
        method: 'POST',
        body: 'a=b',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      });
      statuses.push(seen.status);
    }
    expect(statuses[0]).toBe(403);
    expect(statuses).toContain(429);
  });
});
