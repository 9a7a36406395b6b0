// What the audit of the declarations finds, and by which name: the same finding keeps its id, however it is worded.

import { canonicalJson, digestOf } from '@surety/proof/records';
import { sha256 } from '../ledger/hash.ts';
import type { Trace } from './trace.ts';

/** Every kind of finding, with what is wrong where it is found: the rules of a SARIF reader. */
export const kinds = {
  unguarded: 'An agent can reach a consequential effect, and no checkpoint stands before it.',
  gap: 'An agent can reach a consequential effect with a call that every checkpoint before it leaves out.',
  'cover-unshown': 'It cannot be shown that every call of a consequential tool meets a checkpoint.',
  'assumed-read': 'Tools that nobody labelled are taken for reads.',
  unbounded: 'A tool that executes is not known to run in a sandbox, so nothing bounds what it can do.',
  'out-of-path': 'Calls of a consequential tool never cross the gateway: they can be made without asking.',
  unlabelled: 'A tool that is named has no label, so nobody can call it.',
  'never-passes': 'A checkpoint can never be satisfied.',
  'passing-unshown': 'It cannot be shown that a checkpoint can be satisfied.',
  'never-fires': 'A checkpoint applies to no call.',
  'firing-unshown': 'It cannot be shown that a checkpoint applies to any call.',
  'guards-nothing': 'A checkpoint stands before a tool that no agent may call.',
  'never-there':
    'What is read of a call is nothing that its tool takes or returns, by the schema of the tool.',
  'never-equal': 'A value is compared with one of a type that it never has, by the schema of the tool.',
  shadowed: 'A checkpoint asks for nothing that another before the same tool does not ask for.',
  'evidence-untied': 'What a checkpoint requires need not be about the call that it lets through.',
  'own-evidence': 'An agent can make the evidence that its own call requires.',
  'approvers-run-out': 'Depending on who asks, too few people are left to approve.',
  'owner-approves': 'Who answers for an agent can approve what it does.',
  'requester-approves': 'Who asks for a call can approve it.',
  'one-person-both': 'One person can give the approvals that two checkpoints ask of two functions.',
  'suppression-idle': 'A suppression is of something that is not found, or not any more.',
} as const;
export type FindingKind = keyof typeof kinds;

/**
 * `error` a path is open, or something cannot work; `unshown` the audit cannot tell; `warning` something says less than it
 * seems to; `note` it may, and no call was found that shows it.
 */
export const levels = ['error', 'unshown', 'warning', 'note'] as const;
export type Level = (typeof levels)[number];

/** Whom and what a finding is about: with its kind, what its id is made of. */
export type Parties = Readonly<Record<string, string>>;

/** A finding before its counterexample was replayed. */
export interface Suspicion {
  readonly kind: FindingKind;
  readonly level: Level;
  readonly parties: Parties;
  readonly sentence: string;
  readonly remedy: string;
  /** Streams of the declarations that it is about, the first first. */
  readonly about: readonly string[];
  /** Shows it, if anything that can be played does. */
  readonly trace?: Trace | undefined;
}

/**
 * `replayed`: the gate's own code answered as the trace says. `not-replayed`: it answered otherwise, so the finding is
 * downgraded. `none`: it is about every call, or about calls that no gate sees, and one call shows nothing.
 */
export type Shown = 'replayed' | 'not-replayed' | 'none';

export interface Finding extends Suspicion {
  readonly id: string;
  readonly shown: Shown;
}

export const findingId = (kind: FindingKind, parties: Parties): string =>
  `f-${digestOf(canonicalJson({ kind, parties }), sha256).slice(0, 12)}`;

/** The worst first; within a level by kind and parties, so that every run says the same in the same order. */
export function inOrder<F extends Pick<Finding, 'kind' | 'level' | 'parties'>>(findings: readonly F[]): F[] {
  const order = Object.keys(kinds);
  const textOf = ({ parties }: F) => canonicalJson(parties);
  return findings.toSorted(
    (a, b) =>
      levels.indexOf(a.level) - levels.indexOf(b.level) ||
      order.indexOf(a.kind) - order.indexOf(b.kind) ||
      (textOf(a) < textOf(b) ? -1 : 1),
  );
}
