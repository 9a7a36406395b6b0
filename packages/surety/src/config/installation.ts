// The schema of `surety.yaml`: one installation, its servers, tools, records, people and identities.
// The schema only says what a value looks like; what must agree with what is in `agreement.ts`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { z } from 'zod';
import { keyPattern } from './key-line.ts';
import { limits } from './limits.ts';
import { mailAddress, notify } from './notify.ts';
import { resultLabels } from './origin-words.ts';
import { pages } from './pages.ts';
import { seedsKey } from './seeds.ts';
import { telemetry } from './telemetry.ts';
import {
  budget,
  currency,
  day,
  duration,
  hostName,
  hostPort,
  identifier,
  origin,
  pathBelow,
  person,
  subjectAt,
  text,
  toolPattern,
} from './words.ts';

export const effect = z
  .enum(['read', 'write', 'send', 'spend', 'delete', 'grant', 'execute'])
  .describe('what the tool does: read, write, send, spend, delete, grant or execute');

const unit = z
  .enum(['major', 'minor'])
  .describe('what the amount counts: major (dollars) or minor (cents) units');

const toolMoney = z.strictObject({
  amount: pathBelow('args').describe('the argument that holds the amount'),
  unit,
  currency: z
    .union([currency, pathBelow('args')], {
      error: 'is neither a path nor a currency\nwrite `args.<name>`, or a code such as `USD`',
    })
    .describe('the argument that holds the currency, or an ISO 4217 code for a tool that knows only one'),
});

const column = text.describe('a column of the extract');
const recordMoney = z.strictObject({
  amount: column.describe('the column that holds the amount'),
  unit,
  currency: column.describe('the column that holds the currency, or an ISO 4217 code'),
});

const secretText = z.string({ error: 'is not text\nput it in quotes' });

export const server = z.strictObject({
  stdio: z
    .array(text)
    .min(1, 'is empty\nwrite the command and its arguments')
    .optional()
    .describe('the command and its arguments: a server that runs beside the gateway'),
  cwd: text.optional().describe('the folder the command runs in, relative to this file'),
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a name of a variable\nuse letters, digits and _'),
      secretText,
    )
    .optional()
    .describe('variables of the command; `${NAME}` takes a secret from the environment'),
  http: text.optional().describe('the address of a server that speaks streamable HTTP'),
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'is not a name of a header\nuse letters, digits and -'),
      secretText,
    )
    .optional()
    .describe('headers sent to that address; `${NAME}` takes a secret from the environment'),
  decided: z
    .literal(true, 'is not `true`\nwrite `decided: true`, or give the server its transport')
    .optional()
    .describe(
      'its calls never cross the gateway: whoever makes them asks `POST /v1/decide` first (docs/decide.md)',
    ),
  'link-local': z
    .literal(true, 'is not `true`\nwrite `link-local: true`, or remove it')
    .optional()
    .describe('lets `http` lead to a link-local address, where clouds keep credentials (default: refused)'),
  timeout: duration.optional().describe('how long to wait for an answer (default 30s)'),
  pins: z
    .enum(['required', 'observe'], {
      error: 'is neither `required` nor `observe`\nwrite one of them, or leave it out: it is `required`',
    })
    .optional()
    .describe(
      'whether a person must have approved what a tool says of itself: required (default) or observe (docs/pins.md)',
    ),
});

const tls = z
  .strictObject({
    certificate: text.describe('file of the certificate and its chain, PEM, relative to this file'),
    key: text.describe('file of its private key, PEM; for the account of Surety alone'),
    clients: text
      .optional()
      .describe(
        'file of the authorities whose certificates clients must present (default: none is asked for)',
      ),
  })
  .describe('makes the gateway answer over TLS 1.2 and 1.3 only; renewed files are used within seconds');

const account = z
  .string({ error: 'is not text\nput it in quotes' })
  .regex(
    /^(?:[a-z_][a-z0-9_.-]{0,31}\$?|\d{1,9})$/,
    'is no name of an account\nwrite a name or a number of this system',
  );

const functions = z.array(identifier).min(1, 'is empty, so that nobody may\nname at least one function');

export const installation = z
  .strictObject({
    listen: hostPort.optional().describe('host:port that the gateway listens on (default 127.0.0.1:7300)'),
    names: z
      .array(hostName)
      .optional()
      .describe(
        'host names that clients reach it by, beside that of `listen` and `localhost`; others are refused',
      ),
    tls: tls.optional(),
    limits: limits.optional(),
    telemetry: telemetry.optional(),
    pages: pages.optional(),
    store: text.optional().describe('folder of the ledger, relative to this file (default .surety)'),
    ledger: z
      .strictObject({
        serve: hostPort
          .optional()
          .describe('host:port on which anyone who reaches it can read every sealed fact (default: nowhere)'),
        'sealer-user': account
          .optional()
          .describe(
            'account that runs the sealer and alone reads the log key (default: that of the gateway)',
          ),
        'sealer-folder': text
          .optional()
          .describe('folder of such a sealer, relative to this file (default `sealer` in the store)'),
        'gateway-user': account
          .optional()
          .describe('account that the gateway takes when root starts `surety up` with a sealer of its own'),
      })
      .optional()
      .describe('how the ledger is given to others, and who seals it'),
    'time-zone': text
      .optional()
      .describe('IANA name of the zone whose calendar days budgets use (default UTC)'),
    origin: origin.describe('name of the log in its signed heads, such as `acme.example/surety`'),
    servers: z
      .record(identifier, server)
      .optional()
      .describe('the servers behind the gateway, by identifier'),
    tools: z
      .record(
        toolPattern,
        z.strictObject({
          effect,
          money: toolMoney.optional().describe('where the amount is; required for `spend`'),
          subject: subjectAt(pathBelow('args'))
            .optional()
            .describe(
              'whom its calls are about, as `{ kind: args.<name> }` (default the case): erased together',
            ),
          results: resultLabels
            .optional()
            .describe(
              'whose word a field of its results is, by its path: record, directory, outsider-text (default) or outsider-identity, or `{ is, class }`',
            ),
        }),
      )
      .optional()
      .describe('what each tool does; `server.*` is the default of a server and can only be `read`'),
    records: z
      .record(
        identifier,
        z.strictObject({
          sqlite: text.describe('path of the database, relative to this file'),
          money: recordMoney.optional().describe('the columns that hold money in every extract'),
          subject: subjectAt(column)
            .optional()
            .describe('whom a row is about, as `{ kind: column }` (default the extract): erased together'),
        }),
      )
      .optional()
      .describe('systems of record'),
    people: z
      .array(
        z.strictObject({
          id: person.describe('who it is, as `name@domain`'),
          name: text.optional().describe('the name to show; only a commitment to it enters the ledger'),
          functions: z.array(identifier).optional().describe('the functions the person acts for'),
          keys: z
            .array(
              z
                .string()
                .regex(
                  keyPattern,
                  'is not a key\nwrite `ed25519:` and 32 bytes in base64, `p256:` and 65 (an uncompressed point), or a passkey as in docs/keys.md',
                ),
            )
            .optional()
            .describe(
              'public keys the person signs with, as `ed25519:BASE64` or `p256:BASE64`; passkeys as `passkey:ALG:BASE64:CREDENTIAL:ORIGIN`',
            ),
          accounts: z
            .array(person)
            .optional()
            .describe('other names under which the person acts: whoever uses one is this person'),
          deputies: z
            .array(
              z.strictObject({
                person: person.describe('who stands in'),
                from: day.optional().describe('the first day, UTC (default at once)'),
                until: day.describe('the last day, UTC'),
              }),
            )
            .optional()
            .describe('who answers for the person, in all their functions, while they are away'),
          mail: mailAddress
            .optional()
            .describe('where the person gets mail (default: their `id`); it never enters the ledger'),
          simulated: z
            .boolean({ error: 'is neither true nor false\nwrite true or false' })
            .optional()
            .describe('played by a program (default false)'),
        }),
      )
      .optional()
      .describe('who may own, approve and sign'),
    agents: z
      .record(
        identifier,
        z.strictObject({
          owner: person.describe('who answers for the agent'),
          budget: budget.optional().describe('the most it may move in a period'),
        }),
      )
      .optional()
      .describe('identities that call tools'),
    applications: z
      .record(identifier, z.strictObject({ owner: person.describe('who answers for the application') }))
      .optional()
      .describe('host applications that open cases'),
    witnesses: z
      .array(
        z.strictObject({
          url: text.describe('where it answers: http(s)://; on this very host it counts as simulated'),
          key: text.describe('its verifier key, `name+hash+base64` (C2SP signed-note)'),
          seat: identifier.optional().describe('the function that runs it, such as `finance` or `auditor`'),
        }),
      )
      .optional()
      .describe('who cosigns the heads; one on this host counts as simulated'),
    quorum: text
      .optional()
      .describe(
        'file that says which witnesses must have cosigned (C2SP tlog-policy), relative to this file; without one, any is enough',
      ),
    containment: z
      .strictObject({
        order: functions
          .optional()
          .describe('functions whose people may contain (default [operations, security])'),
        lift: functions
          .optional()
          .describe('functions whose people may lift it again (default [operations, security])'),
      })
      .optional()
      .describe('who may stop agents, tools, servers, users, outcomes or everything at once'),
    contracts: z
      .strictObject({
        approve: functions
          .optional()
          .describe('functions whose people may approve contracts (default [operations, security])'),
      })
      .optional()
      .describe('who may approve what a tool says of itself, before agents see it (docs/pins.md)'),
    notify: notify.optional(),
    seeds: seedsKey.optional(),
    passkeys: z
      .strictObject({
        invite: functions.describe('functions whose people may invite a person to register a passkey'),
        confirm: functions.describe(
          'functions whose people may confirm it; never the function, or the person, that invited',
        ),
      })
      .optional()
      .describe('who lets people register passkeys themselves (default: nobody; docs/keys.md)'),
    policies: z.array(text).optional().describe('patterns of Cedar files (default [policies/*.cedar])'),
    outcomes: z.array(text).optional().describe('patterns of outcome files (default [outcomes/*.yaml])'),
  })
  .describe('One installation of Surety: surety.yaml');

export type Installation = z.infer<typeof installation>;
