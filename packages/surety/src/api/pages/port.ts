// What the pages for people need of a house.

import type { InForce } from '@surety/proof/changes';
import type { Passkeys } from '../../governance/index.ts';
import type { Log } from '../../ledger/log.ts';
import type { Offered, SessionRefusal } from '../../logic/approve.ts';
import type { Logic } from '../../logic/logic.ts';
import type { Precedents } from '../../logic/precedents.ts';
import type { People } from '../../people/people.ts';

export interface PagesDesk {
  readonly log: Log;
  readonly people: People;
  readonly logic: Logic;
  readonly precedents: Precedents;
  /** Passkeys that people register themselves. */
  readonly passkeys: Passkeys;
  inForce(): InForce;
  /** Who answers for an agent. */
  ownerOf(agent: string): string | undefined;
  now(): number;
  /** Throws ApprovalError. */
  answer(offered: Offered): Promise<{ hold: string; decision: string }>;
  /** Throws ApprovalError. Gives the position of the fact. */
  refuse(said: SessionRefusal): Promise<number>;
}
