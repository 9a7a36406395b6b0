// Who may do what: every route of every door, and every command. `node packages/surety/src/api/access.ts` writes the tables
// of docs/access.md; a test fails for a route or a command that has no line here.

import { readFileSync, writeFileSync } from 'node:fs';

export interface Access {
  /** `POST /v1/cases`, or the name of a command. */
  readonly what: string;
  /** How whoever asks shows who they are. */
  readonly by: string;
  readonly may: string;
  readonly recorded: string;
}

const access = (what: string, by: string, may: string, recorded: string): Access => ({
  ...{ what, by, may, recorded },
});

const application = ['credential of an application', 'that application'] as const;
const agent = ['credential of an agent', 'that agent'] as const;
const signature = 'signature of a person';

export const publicAccess: readonly Access[] = [
  access('GET /healthz', 'nothing', 'anybody: it says `ok`', 'no'),
  access('POST /v1/cases', ...application, '`case.opened`'),
  access('POST /v1/decide', ...agent, '`call.intended`, `call.held` or `call.refused`'),
  access('POST /v1/settle', ...agent, '`call.settled`'),
  access(
    'POST /v1/approvals',
    signature,
    'people of the function that the checkpoint asks, but whom it excludes',
    '`approval.given`, `approval.refused`',
  ),
];

/** The socket in the store: only the account of the gateway, and root, can open it (mode 0600). */
const account = 'account of the gateway';
const operator = (what: string, recorded: string) => access(what, account, 'the operator', recorded);
const person = (what: string, may: string, recorded: string) =>
  access(what, `${account}, and ${signature}`, may, recorded);

export const adminAccess: readonly Access[] = [
  operator('GET /status', 'no: counts and names'),
  operator('POST /settle', '`call.settled`, of what the record shows'),
  operator('POST /verdict', '`record.extracted`, `verdict.given`'),
  operator('POST /prove', '`desk.asked`, and as `POST /verdict`'),
  operator('POST /rotations', '`key.rotated`'),
  operator('POST /next-keys', '`desk.asked`'),
  person(
    'POST /orders',
    'people of the functions that may [contain](containment.md), [erase, release or hold](privacy.md), [approve contracts](pins.md)',
    '`containment.*`, `disclosure.*`, `legal-hold.*`, `contract.*`',
  ),
  operator('POST /survey', '`desk.asked`'),
  operator('POST /affected', 'no: names of what is declared'),
  operator('POST /seeds', '`call.held`, and once it is answered `seed.answered`'),
  operator('POST /look', '`contract.seen`, of what is new'),
  operator('POST /reload', 'every declaration that changed; what waits as `change.proposed`'),
  person(
    'POST /signatures',
    'the owner of an outcome that relies on it',
    '`change.signed`, `change.refused`',
  ),
  person(
    'POST /passkeys',
    'people of the functions that may [invite or confirm](keys.md#passkeys); to end one, also whose it is',
    '`passkey.invited`, `passkey.confirmed`, `passkey.revoked`',
  ),
  operator('GET /legal-holds', 'no: what is in force'),
  operator('POST /revocations', '`credential.revoked`'),
  operator('POST /credentials', '`credential.issued`'),
  person('POST /approvals', 'as `POST /v1/approvals`', '`approval.given`, `approval.refused`'),
];

const session = 'session of a person';
const visitor = (what: string, may: string, recorded: string) => access(what, 'nothing', may, recorded);

export const pagesAccess: readonly Access[] = [
  visitor('GET /look.css', 'anybody', 'no'),
  visitor('GET /passkey.js', 'anybody', 'no'),
  visitor('GET /icon.svg', 'anybody', 'no'),
  visitor('GET /sign-in', 'anybody', 'no'),
  access(
    'POST /sign-in/passkey',
    'passkey of a person',
    'people who are enrolled',
    '`session.opened`, `session.refused`',
  ),
  visitor('GET /sign-in/provider', 'anybody: it leads to the provider', '`session.refused`'),
  access(
    'GET /sign-in/provider/answer',
    'what the provider signed about a person',
    'people who are enrolled',
    '`session.opened`, `session.refused`',
  ),
  access('GET /invite/:code', 'code of an invitation', 'whoever has it, once', 'no'),
  access('POST /invite/:code/made', 'code of an invitation', 'whoever has it, once', 'no'),
  access(
    'POST /invite/:code',
    'code of an invitation, and the new passkey',
    'whoever has it, once: it signs nothing until it is confirmed',
    '`passkey.registered`',
  ),
  access(
    'GET /confirm/:invitation',
    session,
    'people of the functions that may [confirm](keys.md#passkeys), but whom it excludes',
    'no',
  ),
  access(
    'POST /confirm/:invitation',
    `${session}, and their passkey`,
    'people of the functions that may [confirm](keys.md#passkeys), but whom it excludes',
    '`passkey.confirmed`',
  ),
  access('POST /sign-out', session, 'that person', '`session.closed`'),
  access('GET /', session, 'that person, of what concerns them', 'no'),
  access(
    'GET /approve/:hold',
    session,
    'people of the function that is asked, the owner of the outcome, whom it is for, who answers for the agent, `auditor`',
    'no',
  ),
  access(
    'POST /approve/:hold/yes',
    `${session}, and their passkey`,
    'people of the function that the checkpoint asks, but whom it excludes',
    '`approval.given`',
  ),
  access(
    'POST /approve/:hold/no',
    session,
    'people of the function that the checkpoint asks, but whom it excludes',
    '`hold.refused`',
  ),
];

const guide = new URL('../../../../docs/access.md', import.meta.url);

/** The guide with its tables made anew. */
export function accessGuide(): string {
  const tables = { public: publicAccess, admin: adminAccess, pages: pagesAccess };
  let text = readFileSync(guide, 'utf8');
  for (const [name, rows] of Object.entries(tables)) {
    const marks = new RegExp(`(<!-- routes of ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    text = text.replace(marks, (_, open: string, close: string) => `${open}${tableOf(rows)}${close}`);
  }
  return text;
}

const tableOf = (rows: readonly Access[]): string =>
  `\n| Route | Shown by | May | Recorded as |\n|---|---|---|---|\n${rows
    .map(({ what, by, may, recorded }) => `| \`${what}\` | ${by} | ${may} | ${recorded} |\n`)
    .join('')}\n`;

if (import.meta.main) writeFileSync(guide, accessGuide());
