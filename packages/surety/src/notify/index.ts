// Telling people what waits for them: by mail and by signed webhooks, from facts, and with facts that it was done.

export { Mail } from './mail.ts';
export { Notices } from './notices.ts';
export { type Delivered, Notifier } from './notifier.ts';
export type { Message } from './owed.ts';
export { post } from './webhook.ts';
export { dataOf, wordingOf } from './wording.ts';
