// SHA-256 as the platform computes it: the one that the product hands to `@surety/proof`.

import { hash } from 'node:crypto';
import type { Sha256 } from '@surety/proof/records';

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');
