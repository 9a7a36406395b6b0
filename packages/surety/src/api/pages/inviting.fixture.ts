// For tests: an invitation to register a passkey, as a person of a function signs one.

import { passkeyText } from '@surety/proof/changes';
import type { PasskeyStatement } from '@surety/proof/facts';
import { newCode, newInvitation } from '../../governance/index.ts';
import { type Person, signed, type TestHouse } from '../../house.fixture.ts';

export async function invited(house: TestHouse, by: Person, as: string, person: Pick<Person, 'id'>) {
  const { code, digest } = newCode();
  const invitation = newInvitation();
  const statement: PasskeyStatement = {
    ...{ does: 'invite', log: house.log.origin, invitation, person: person.id, by: by.id, function: as },
    ...{ at: house.now(), code: digest, expires: house.now() + 86_400_000 },
  };
  const offered = { statement, key: by.keyId, signature: signed(by, passkeyText(statement)) };
  await house.house.passkeys.carryOut(offered);
  return { code, invitation };
}
