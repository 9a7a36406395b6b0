// What `notify` must agree on: channels that are encrypted, secrets that come from the environment, people who exist.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { checkAddress, checkDuration, type Environment, isLoopback } from './agreement.ts';
import type { Path } from './document.ts';
import type { Installation } from './installation.ts';
import type { Findings, Names } from './names.ts';
import { mailAddress, secretOf, type WrittenNotify } from './notify.ts';
import { quote } from './problem.ts';
import { fillIn } from './secret.ts';

export function checkNotify(
  found: Findings,
  { notify, people = [] }: Installation,
  names: Names,
  env: Environment,
): void {
  const { mail, webhooks = {}, asks } = notify ?? {};
  checkDuration(found, ['notify', 'asks', 'gather'], asks?.gather, 86_400_000);
  if (mail !== undefined) {
    checkMail(found, mail, env);
    checkPeople(found, people);
  }
  for (const [id, { url, secret, person }] of Object.entries(webhooks)) {
    const place = ['notify', 'webhooks', id];
    checkAddress(found, [...place, 'url'], url);
    if (person !== undefined)
      found.declared([...place, 'person'], 'person', person, names.people.keys(), '`people`');
    const filled = checkFilled(found, [...place, 'secret'], secret, env);
    if (filled !== undefined && secretOf(filled) === undefined)
      found.add(
        [...place, 'secret'],
        'the secret is none of Standard Webhooks',
        'write `whsec_` and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)',
      );
  }
}

/** Whoever is told by mail has an address: their name, unless they have another. */
function checkPeople(found: Findings, people: NonNullable<Installation['people']>): void {
  people.forEach(({ id, mail }, index) => {
    if (mail === undefined && !mailAddress.safeParse(id).success)
      found.add(
        ['people', index, 'id'],
        `${quote(id)} is told by mail, and is no mail address`,
        'add `mail: name@domain`',
      );
  });
}

type Mail = NonNullable<NonNullable<WrittenNotify>['mail']>;

function checkMail(found: Findings, mail: Mail, env: Environment): void {
  const place = ['notify', 'mail'];
  const { host, user, password, tls } = mail;
  if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?)$/.test(host))
    found.add([...place, 'host'], `${quote(host)} is no host`, 'write a name such as `smtp.acme.example`');
  if (tls === 'none' && !isLoopback(host))
    found.add(
      [...place, 'tls'],
      'mail would leave this host unencrypted',
      'use `starttls` or `implicit`, or a mail server on this host',
    );
  if ((user === undefined) !== (password === undefined))
    found.add(
      [...place, user === undefined ? 'password' : 'user'],
      '`user` and `password` belong together',
      'write both, or neither',
      'key',
    );
  if (password !== undefined) checkFilled(found, [...place, 'password'], password, env);
}

/** The value with its secret in it; undefined where there is none. Never quotes it. */
function checkFilled(found: Findings, place: Path, written: string, env: Environment): string | undefined {
  const { value, faults, usesSecret } = fillIn(written, env);
  for (const { offset, problem, remedy } of faults)
    found.problems.push(found.document.within(place, offset, problem, remedy));
  if (!usesSecret)
    found.warn(
      place,
      `${quote(place.at(-1))} is a secret written in the file`,
      'take it from the environment: `${NAME}`',
    );
  return faults.length > 0 ? undefined : value;
}
