// Notices: whom Surety tells of what, and that somebody's mail server or receiver took it. No address, no value of a call.

import { identifier, milliseconds, personId, position } from './declared.ts';
import { bool, type Infer, list, natural, oneOf, optional, record, text } from './values/shape.ts';

/** `hold` asks a person to answer; the others tell. */
export const noticeKinds = ['hold', 'breach', 'change', 'containment'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** How often people may be asked. */
export const askBounds = record({
  /** Holds that a person is asked about one by one, in 24 hours; beyond it they are gathered. */
  singles: natural,
  gatherMs: milliseconds,
  /** Holds that one agent may open in 24 hours; beyond it its calls are refused. */
  agent: natural,
  /** Holds that one person is asked about in 24 hours. */
  person: natural,
});
export type AskBounds = Infer<typeof askBounds>;
/** Where nobody declared any. */
export const askDefault: AskBounds = { singles: 10, gatherMs: 3_600_000, agent: 50, person: 100 };

const channels = record({
  /** Whether every person is told by mail. */
  mail: bool,
  /** `person`: whose receiver it is; without it, a program's. */
  webhooks: list(
    record({ webhook: identifier, of: list(oneOf(...noticeKinds)), person: optional(personId) }),
  ),
  asks: askBounds,
});
export type Channels = Infer<typeof channels>;

export const noticeBodies = {
  'notices.declared': channels,
  /** One message, when it was taken, or when Surety stopped trying. */
  'notice.sent': record({
    /** Names the message to whoever got it: a repetition has the same name. */
    notice: text,
    about: oneOf(...noticeKinds),
    by: oneOf('mail', 'webhook'),
    person: optional(personId),
    webhook: optional(identifier),
    /** `gathered`: several in one, because the person was asked often enough one by one. */
    form: oneOf('single', 'gathered'),
    /** The facts that it tells of. */
    of: list(position),
    answer: oneOf('accepted', 'given-up'),
    attempts: natural,
  }),
} as const;
