// For tests: orders about disclosures, signed and handed in.

import { randomBytes, sign } from 'node:crypto';
import type { OrderStatement } from '@surety/proof/facts';
import { type Person, people, type TestHouse } from '../house.fixture.ts';
import { orderText } from './index.ts';

/** As this person, for the function that is theirs, with `wanted` in what is signed; by another's key if one is given. */
export function order(
  house: TestHouse,
  does: OrderStatement['does'],
  who: Person,
  wanted: Partial<OrderStatement>,
  signer = who,
): ReturnType<TestHouse['house']['order']> {
  const statement: OrderStatement = {
    order: `o-${randomBytes(9).toString('base64url')}`,
    ...{ does, log: house.log.origin, reason: 'They asked for it.' },
    function: who === people.paul ? 'legal' : 'data-protection',
    person: who.id,
    at: house.now(),
    ...wanted,
  };
  const signature = sign(null, Buffer.from(orderText(statement)), signer.key).toString('base64');
  return house.house.order({ statement, key: who.keyId, signature });
}
