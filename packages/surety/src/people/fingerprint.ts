// What two people compare, aloud or on two screens, before one of them confirms a passkey of the other.

import { createHash } from 'node:crypto';
import type { PersonKey } from '@surety/proof/facts';

/** 80 bits of the SHA-256 of the raw public key, in groups of four hexadecimal digits. */
export const fingerprintOf = ({ public: raw }: Pick<PersonKey, 'public'>): string =>
  createHash('sha256')
    .update(Buffer.from(raw, 'base64'))
    .digest('hex')
    .slice(0, 20)
    .replace(/(.{4})(?!$)/g, '$1 ');
