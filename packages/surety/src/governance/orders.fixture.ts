// For tests: orders about disclosures, signed and handed in.

import { randomBytes } from 'node:crypto';
import type { OrderStatement } from '@surety/proof/facts';
import { type Person, people, signed, type TestHouse } from '../house.fixture.ts';
import { type OfferedOrder, orderText } from './index.ts';

/** As this person, for the function that is theirs, with `wanted` in what is signed; by another's key if one is given. */
export const order = (
  house: TestHouse,
  does: OrderStatement['does'],
  who: Person,
  wanted: Partial<OrderStatement>,
  signer = who,
): ReturnType<TestHouse['house']['order']> =>
  house.house.order(offeredOrder(house, does, who, wanted, signer));

export function offeredOrder(
  house: TestHouse,
  does: OrderStatement['does'],
  who: Person,
  wanted: Partial<OrderStatement>,
  signer = who,
): OfferedOrder {
  const statement: OrderStatement = {
    order: `o-${randomBytes(9).toString('base64url')}`,
    ...{ does, log: house.log.origin, reason: 'They asked for it.' },
    function: who === people.paul ? 'legal' : 'data-protection',
    person: who.id,
    at: house.now(),
    ...wanted,
  };
  const signature = signed(signer, orderText(statement));
  return { statement, key: who.keyId, signature };
}
