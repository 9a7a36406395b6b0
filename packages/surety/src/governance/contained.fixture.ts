// For tests: a house in which legal and finance may contain and legal may lift, and orders to do so.

import type { ContainmentScope } from '@surety/proof/facts';
import { files, people, type TestHouse } from '../house.fixture.ts';
import type { ContainAnswer, LiftAnswer } from './index.ts';
import { order } from './orders.fixture.ts';

/** What the agent is told, whatever the reason. */
export const refusedWords = 'refused: Refused. Reference <ref>.';
const functions = 'containment: { order: [legal, finance], lift: [legal] }\n';
export const changed = { 'surety.yaml': files['surety.yaml'] + functions };

export const of = (is: ContainmentScope['is'], name?: string): ContainmentScope =>
  name === undefined ? { is } : { is, name };

export const contain = (
  house: TestHouse,
  scope: ContainmentScope,
  who = people.paul,
  as = 'legal',
  signer = who,
) => order(house, 'contain', who, { scope, function: as }, signer) as Promise<ContainAnswer>;

export const lift = (house: TestHouse, lifts: string, who = people.paul, as = 'legal') =>
  order(house, 'lift-containment', who, { lifts, function: as }) as Promise<LiftAnswer>;
