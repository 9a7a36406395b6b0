// For tests of sealing: one key that was always in force.

import type { SigningKey } from './keys.ts';
import type { HeadKeys } from './sealing.ts';

export const soleKey = (key: Pick<SigningKey, 'verifier' | 'sign'>): HeadKeys => ({
  at: () => key.verifier,
  all: () => [key.verifier],
  signers: () => [key],
  settle: () => undefined,
});
