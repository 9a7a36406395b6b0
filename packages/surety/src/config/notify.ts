// What of `surety.yaml` says how people are told: by mail, by signed webhooks, and how often they may be asked.
// The channels and the bounds are declared in the ledger; addresses and secrets stay here.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { type AskBounds, askDefault, type Channels, noticeKinds } from '@surety/proof/facts';
import { z } from 'zod';
import { fillIn } from './secret.ts';
import { duration, durationMs, identifier, person, text } from './words.ts';

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** `starttls`: nothing is sent before the connection is encrypted. `none`: on this host only. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly from: string;
  readonly user?: string;
  /** Never to be written anywhere. */
  readonly password?: string;
}

export interface WebhookConfig {
  readonly id: string;
  readonly url: string;
  /** The bytes that sign; never to be written anywhere. */
  readonly secret: Uint8Array;
}

export interface NotifyConfig {
  readonly mail?: MailConfig;
  readonly webhooks: readonly WebhookConfig[];
  /** Where a person gets mail, if it is not their name. */
  readonly addresses: ReadonlyMap<string, string>;
}

const address = text.regex(
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$/,
  'is no mail address\nwrite `name@domain`, without a display name',
);
export const mailAddress = address;

const tls = z.enum(['starttls', 'implicit', 'none'], {
  error: 'is none of starttls, implicit, none\nuse `starttls` (port 587) or `implicit` (port 465)',
});

const mail = z
  .strictObject({
    host: text.describe('name or address of the mail server that takes our mail'),
    port: z
      .int('is not a whole number\nwrite a port')
      .min(1, 'is no port\nwrite a number from 1 to 65535')
      .max(65_535, 'is no port\nwrite a number from 1 to 65535')
      .optional()
      .describe('its port (default 587; 465 where `tls` is `implicit`)'),
    tls: tls
      .optional()
      .describe('`starttls` (default), `implicit`, or `none` for a mail server on this host'),
    from: address.describe('the address that notices come from'),
    user: text.optional().describe('the account at the mail server'),
    password: z
      .string({ error: 'is not text\nput it in quotes' })
      .optional()
      .describe('its password, as `${NAME}` from the environment'),
  })
  .describe('tells every person by mail');

const webhook = z.strictObject({
  url: text.describe('where notices are posted: https://, or http:// on this host'),
  secret: z
    .string({ error: 'is not text\nput it in quotes' })
    .describe(
      'what signs them, as `${NAME}` from the environment: `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks)',
    ),
  of: z
    .array(
      z.enum(noticeKinds, {
        error: `is none of ${noticeKinds.join(', ')}\nname what this receiver is told of`,
      }),
    )
    .min(1, 'is empty, so that nothing is told\nname what this receiver is told of')
    .optional()
    .describe('what it is told of: `hold`, `breach`, `change`, `containment` (default all)'),
  person: person
    .optional()
    .describe('whose receiver it is: it gets what this person is told, and no more (default: everything)'),
});

const count = (of: string) =>
  z
    .int('is not a whole number\nwrite how many')
    .min(1, 'is less than one\nwrite at least 1')
    .max(100_000, 'is too many\nwrite at most 100000')
    .optional()
    .describe(of);

export const notify = z
  .strictObject({
    mail: mail.optional(),
    webhooks: z
      .record(identifier, webhook)
      .optional()
      .describe('receivers of signed webhooks, by identifier'),
    asks: z
      .strictObject({
        singles: count(
          'holds that a person is asked about one by one in 24 hours; beyond it they are gathered (default 10)',
        ),
        gather: duration.optional().describe('how often a person then gets what was gathered (default 1h)'),
        agent: count(
          'holds that one agent may open in 24 hours; beyond it its calls are refused (default 50)',
        ),
        person: count('holds that one person is asked about in 24 hours, by all agents (default 100)'),
      })
      .optional()
      .describe('how often people may be asked'),
  })
  .describe('who is told of what waits for them, and how (docs/notifications.md)');

export type WrittenNotify = z.infer<typeof notify> | undefined;
type Env = Readonly<Record<string, string | undefined>>;
type Addressed = readonly { readonly id: string; readonly mail?: string | undefined }[];

export function channelsOf(written: NonNullable<WrittenNotify>): Channels {
  const { webhooks = {} } = written;
  return {
    mail: written.mail !== undefined,
    webhooks: Object.entries(webhooks).map(([webhook, { of = noticeKinds, person }]) => ({
      ...{ webhook, of: noticeKinds.filter((kind) => of.includes(kind)) },
      ...(person === undefined ? {} : { person }),
    })),
    asks: boundsOf(written.asks),
  };
}

function boundsOf(asks: NonNullable<WrittenNotify>['asks'] = {}): AskBounds {
  const { gather, ...counts } = asks;
  const { singles = askDefault.singles, agent = askDefault.agent, person = askDefault.person } = counts;
  const gatherMs = gather === undefined ? askDefault.gatherMs : durationMs(gather);
  return { singles, gatherMs, agent, person };
}

/** Undefined if nobody is to be told. */
export function notifyIn(written: WrittenNotify, people: Addressed, env: Env): NotifyConfig | undefined {
  if (written === undefined) return undefined;
  const { mail: server, webhooks = {} } = written;
  return {
    ...(server === undefined ? {} : { mail: mailOf(server, env) }),
    webhooks: Object.entries(webhooks).map(([id, { url, secret }]) => {
      return { id, url, secret: secretOf(fillIn(secret, env).value) ?? new Uint8Array() };
    }),
    addresses: new Map(people.flatMap(({ id, mail }) => (mail === undefined ? [] : [[id, mail] as const]))),
  };
}

function mailOf(written: z.infer<typeof mail>, env: Env): MailConfig {
  const { host, from, user, password, tls: how = 'starttls' } = written;
  return {
    ...{ host, from, tls: how, port: written.port ?? (how === 'implicit' ? 465 : 587) },
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: fillIn(password, env).value }),
  };
}

/** The bytes of a Standard Webhooks secret; undefined if it is none. */
export function secretOf(written: string): Uint8Array | undefined {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(written)?.[1];
  const bytes = text === undefined ? undefined : Buffer.from(text, 'base64');
  return bytes !== undefined && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}
