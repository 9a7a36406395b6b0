// A request, the entities it is about, and policies put into their JSON form by Cedar itself.

import { type PolicyJson, policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRequest, EntityUid } from './cedar.ts';

export const uid = (type: string, id: string): EntityUid => ({ type, id });

export const request: CedarRequest = {
  principal: uid('Agent', 'clerk'),
  action: uid('Action', 'erp.pay_invoice'),
  resource: uid('Tool', 'erp.pay_invoice'),
  context: {
    amount: 4800000,
    currency: 'USD',
    urgent: false,
    user: { __entity: { type: 'User', id: 'anna' } },
    tags: ['new', 'eu'],
    vendor: { name: 'Ötz & Söhne *AG*', ratings: [1, 2, 3], address: { city: 'Bern' } },
    'odd name': 1,
    empty: [],
  },
};

export const entities = [
  {
    uid: uid('Agent', 'clerk'),
    attrs: { limit: 5000000, name: 'clerk' },
    parents: [uid('Team', 'payables')],
  },
  { uid: uid('Team', 'payables'), attrs: {}, parents: [uid('Team', 'finance')] },
  { uid: uid('Team', 'finance'), attrs: { size: 3 }, parents: [] },
  {
    uid: uid('Tool', 'erp.pay_invoice'),
    attrs: { owner: { __entity: uid('User', 'anna') } },
    parents: [uid('Server', 'erp')],
  },
  { uid: uid('User', 'anna'), attrs: { limits: { day: 10 } }, parents: [] },
];

export function compiled(text: string): PolicyJson {
  const answer = policyToJson(text);
  if (answer.type === 'failure')
    throw new Error(`${text}: ${answer.errors.map(({ message }) => message).join()}`);
  // As it comes back from the ledger.
  return JSON.parse(JSON.stringify(answer.json)) as PolicyJson;
}
