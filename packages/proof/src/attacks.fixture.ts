// What somebody may try with a proof, by name, and the mutants that try it; what no file can show by itself; and the
// mutant of each thing that an outcome or a rule can say. The tests hold that nothing is missing here.

import type { Mutant } from './mutant.fixture.ts';
import { at, type Day, honestDay } from './verify.fixture.ts';
import type { VerifyOptions } from './verify.ts';

/** Names of mutants; of a day that is claimed to be proven, the day's. */
export const attacks: Readonly<Record<string, readonly string[]>> = {
  flip: [
    'a byte of a fact flipped',
    'a statement about another head',
    'a call whose action is another than its arguments',
  ],
  drop: [
    'a fact left out',
    'a population without its last row',
    'an assumption left out',
    'a statement that says nothing was simulated',
  ],
  insert: [
    'a fact put in twice',
    'a row put into the rows',
    'rows of a fact that is no extract',
    'a disclosure of nothing in the log',
    'a statement that names a file twice',
    'another page in place of verify.html',
    'a rosier report',
    'a payment that settled without an intent',
  ],
  reorder: [
    'facts put in another order',
    'facts put in another order, and signed again',
    'a settlement for the intent of another call',
  ],
  truncate: [
    'a log cut off at its tail, from the head on',
    'a number that a process skipped',
    'a process that lost its tail',
  ],
  fork: [
    'a fork: another history under the same keys',
    'a log that is opened twice',
    'a log that is opened as another',
  ],
  backdate: [
    'a payment backdated under the same head',
    'a payment that is dated out of the window, with its row in it',
    'a time long before those ahead of it',
    'evidence that is too old',
    'a rotation backdated: put before the head that it follows',
    'an approval by somebody who was enrolled after it',
  ],
  replay: [
    'a fact replayed from another log',
    'the facts of another log under a head of this one',
    'a call settled twice',
    'a call intended twice',
    'evidence that was used before',
    'an approval that served before, though a fact says that it is free again',
    'a report of another version',
  ],
  'swap keys': [
    'a statement signed by another key',
    'a statement signed by the log key',
    'a head signed by another key',
    'a head signed by the key of another log of the same operator',
    'an approval with a key that two people have',
    'a head that was kept of another log, with the same root',
    'a rotation of the log key signed by a stranger',
    'a rotation of the statement key signed by a stranger',
    'a rotation that the new key never accepted',
    'a rotation signed for the other role',
    'a key that takes over the other role too',
    'a key of another name',
    'a key of another type',
    'a key that comes back',
    'one key that hands over twice',
    'a head by the new key, which the auditor pinned, without a rotation',
    'a statement by the new key, which the auditor pinned, without a rotation',
    'a rotation, where the auditor accepts none',
    'a rotation of the statement key, where the auditor accepts none',
  ],
  're-sign with a stolen key': [
    'a rewritten history that keeps the cosignature of the old head',
    'a fork: another history under the same keys',
    'a head by the retired key after the rotation',
    'a statement by the retired key after the rotation',
    'an earlier head that a thief of the retired key signed',
    'a rotation taken over into another history',
    'a rotation away from a compromised key, which the thief could have made',
    'a statement key handed over by one that was compromised',
    'a head by a key that the auditor revoked',
    'a rotation by a key that the auditor revoked',
    'no witness',
  ],
  'edit a rule': [
    'a rule edited in place',
    'a rule whose hash is another',
    'a weaker rule in the middle of the window',
    'a rule that was withdrawn',
    'a rule that came after the first call',
  ],
  "weaken behind the owner's back": [
    'a checkpoint weakened and nobody asked',
    'a checkpoint weakened by the word of somebody else than the owner',
    'a checkpoint weakened with the key of somebody else under the name of the owner',
    'a checkpoint weakened with a key that two people have',
    'a checkpoint weakened with a signature over another `to`',
    'a checkpoint weakened by a signature that served before',
    'a payment past a checkpoint that was weakened without a signature',
    'a budget raised without a signature',
    'a permission added without a signature',
    'a path opened by a permission that nobody signed',
    'a path opened by a label that nobody signed',
    'a path opened by an agent that nobody signed',
    'a path past the gateway that nobody signed',
    'a label changed without a signature',
    'a server exchanged without a signature',
    'an approver enrolled without a signature',
    'a population narrowed without a signature',
    'an owner exchanged without a signature',
    'an owner who was exchanged and signs for themselves',
  ],
  'tell less of a loss': [
    'a successor of other facts than it took over',
    'a successor with a head that its predecessor did not sign',
    'a successor with a head of another log',
    'a successor that leaves out what it lost',
    'a successor that lost less than its head counts',
    'a successor that lost less than a witness counts',
    'a successor that claims to have lost what nobody saw',
    'a successor with a head over less than it took over',
    'a successor of another log',
    'a successor that takes a name which was given up',
    'a successor whose predecessor had signed more than it says is lost',
    'a successor whose predecessor had signed something else',
    'a log that went on under another name after a loss',
  ],
  'hide an orphan': [
    'an orphan taken out of the rows',
    'a row exchanged for another of the same amount',
    'a window that ends before the orphan was written',
    'an orphan that was gone when the record was read again',
    'an orphan that got a call after it was seen',
    'a row that no call made',
  ],
  'shrink a population': [
    'a population that was narrowed after the window',
    'an orphan that is out of the population since it was narrowed',
    'a record that was read by another query',
    'rows that are withheld',
  ],
  'lie in a control total': [
    'a control total that is too small',
    'an extract that counts a row more than it has',
    'an extract that shows its rows and withholds their control totals',
  ],
  'forge an approval': [
    'an approval by a passkey for another text',
    'an approval by a passkey on a page of another origin',
    'an approval by a passkey that was being made',
    'an approval by a passkey that nobody was verified for',
    'an approval by another passkey',
    'an approval with a signature by another key',
    'an approval of a hold that was planted',
    'an approval that a call used, of a hold that was planted',
    'an approval by a deputy of the requester',
    'approvals by somebody and by their deputy, where two are asked',
    'an approval by those it was handed on to, before it was',
    'an approval by the requester',
    'an approval by the owner of the agent',
    'an approval of another amount',
    'an approval that had expired',
    'an approval under another rule',
    'an approval for a function its signer does not have',
    'a refusal',
    'one approval where two are asked',
  ],
  'claim an unpinned policy': [
    'a policy whose hash is another',
    'a call that names a policy which was never in force',
    'a quorum claimed though one seat has not cosigned',
    'a quorum lowered to what was reached, and nothing said',
    'no policy that permits',
  ],
  'call it erased': [
    'another word for the verdict before an erasure',
    'another date for the verdict before an erasure',
    'another judgement for the verdict before an erasure',
    'no verdict before an erasure, though one was given',
    'a verdict that came after an erasure, passed off as the one before',
    'an erasure that is not told',
    'another date for an erasure',
    'values passed off as erased that are only not shown',
    'a payment withheld under an erasure that names other facts',
    'a payment withheld after an erasure that names it beforehand',
    'a payment erased in a window that was found violated before',
  ],
};

/** The mutant that a name stands for. */
export const isNamed = (name: string, mutant: Pick<Mutant, 'name'>): boolean =>
  mutant.name === name || mutant.name.endsWith(`\`: ${name}`);

interface Beyond {
  readonly name: string;
  /** What it takes, and what shows it if not the file. */
  readonly shownBy: string;
  readonly make: () => Promise<{ day: Day; proof: Uint8Array; showing?: Partial<VerifyOptions> }>;
  /** The check that fails, or the limit that is said, where `showing` is brought. */
  readonly shows?: string;
}

async function rewritten(cosigned: boolean): Promise<{ day: Day; proof: Uint8Array; kept: string }> {
  const day = honestDay();
  const kept = await day.log.seal(day.cosigners);
  // Another history from the fourth fact on, with every key that it needs.
  for (const fact of day.log.drafts.slice(4)) fact.time += 1_000;
  day.close();
  const cosigners = cosigned ? day.cosigners : [];
  return { day, proof: await day.proof({ cosigners }), kept };
}

/** Lies that verify: each is told in docs/proof.md, with what shows it. */
export const beyond: readonly Beyond[] = [
  {
    name: 'a history rewritten with the stolen keys of the log, the statements and every witness',
    shownBy: 'an earlier head that somebody kept',
    make: async () => {
      const { day, proof, kept } = await rewritten(true);
      return { day, proof, showing: { earlierHead: kept } };
    },
    shows: 'earlier-head',
  },
  {
    name: 'a history rewritten with the stolen keys of the log and the statements',
    shownBy: 'the missing cosignature of a witness that you pinned: it is never proven',
    make: async () => {
      const { day, proof } = await rewritten(false);
      return { day, proof, showing: {} };
    },
    shows: 'witness-missing',
  },
  {
    name: 'rows that the connector left out before they were committed',
    shownBy: 'your own copy of the record, with --extract',
    make: async () => {
      const day = honestDay();
      day.stray({ id: 'X1' });
      day.rows.pop();
      day.close();
      return { day, proof: await day.proof() };
    },
  },
  {
    name: 'all times moved together',
    shownBy: 'nothing in the file: order is proven, times are claims; witnesses say when they saw a head',
    make: async () => {
      const day = honestDay();
      for (const fact of day.log.drafts) fact.time += 60_000;
      day.close();
      return { day, proof: await day.proof() };
    },
  },
  {
    name: 'an approval signed with the stolen key of its person',
    shownBy: 'the person, who reads the report',
    make: async () => {
      const day = honestDay();
      day.approve('4120', '20000.00', { at: at(12) });
      day.pay('4120', '20000.00', { at: at(12, 30) });
      day.close();
      return { day, proof: await day.proof() };
    },
  },
];

/** Members that tell people something and that no judgement looks at. */
export const told = 'says something to people';

/** For each thing that a rule or an outcome can say: a mutant that lives if nobody looks at it. */
export const saidBy: Readonly<Record<string, string>> = {
  'rule.outcome': 'a rule that was withdrawn',
  'rule.rule': 'a rule that was withdrawn',
  'rule.hash': 'a rule whose hash is another',
  'rule.before': 'another tool that spends',
  'rule.when': 'an amount just above the limit, and no approval',
  'rule.require': 'no evidence',
  'rule.require.call': 'no evidence',
  'rule.require.where': 'evidence that does not fit',
  'rule.require.same': 'evidence of another case',
  'rule.withinMs': 'evidence that is too old',
  'rule.once': 'evidence that was used before',
  'rule.approve': 'an amount just above the limit, and no approval',
  'rule.approve.function': 'an approval for a function its signer does not have',
  'rule.approve.count': 'one approval where two are asked',
  'rule.approve.not': 'an approval by the requester',
  'rule.approve.escalate': 'an approval by those it would be handed on to, of a call that nobody held',
  'rule.approve.escalate.afterMs': 'an approval by those it was handed on to, before it was',
  'rule.approve.escalate.function': 'an approval by those it is never handed on to',
  'rule.mode': 'a rule that only observes',
  'rule.requires': 'one of two earlier calls that are asked, and not the other',
  'rule.requires[].as': 'two earlier calls that do not fit one another',
  'rule.requires[].any': 'neither of two earlier calls of which one is enough',
  'rule.requires[].any[].call': 'one of two earlier calls that are asked, and not the other',
  'rule.requires[].any[].where': 'two earlier calls that do not fit one another',
  'rule.requires[].any[].same': 'an earlier call of another agent, where the same one is asked',
  'rule.requires[].any[].withinMs': 'an earlier call that is older than is asked',
  'rule.requires[].any[].afterMs': 'an earlier call that is younger than is asked',
  'rule.requires[].count': 'one earlier call where two are asked',
  'rule.requires[].follows': 'two earlier calls in the wrong order',
  'rule.requires[].once': 'an earlier call that served another payment',
  'rule.forbids': 'a forbidden call before it, which nobody knows the outcome of',
  'rule.forbids[].call': 'a forbidden call before it, which nobody knows the outcome of',
  'rule.forbids[].where': 'a forbidden call that fits',
  'rule.forbids[].same': 'a forbidden call of the same case',
  'rule.forbids[].withinMs': 'a forbidden call that is not old enough to be forgotten',
  'rule.forbids[].since': 'a forbidden call since the evidence',
  'rule.forbids[].until': 'a forbidden call that nothing has ended',
  'rule.forbids[].until[].call': 'a forbidden call that nothing has ended',
  'rule.forbids[].until[].where': 'a forbidden call that nothing has ended',
  'rule.forbids[].until[].same': 'a forbidden call that nothing has ended',
  'rule.limits': 'one call more than a limit allows',
  'rule.limits[].call': 'one call more than a limit allows',
  'rule.limits[].where': 'one call more than a limit allows',
  'rule.limits[].same': 'one call more than a limit allows for the same user',
  'rule.limits[].withinMs': 'one call more than a limit allows within an hour',
  'rule.limits[].sum': 'a cent more than a limit allows in all',
  'rule.limits[].most': 'one call more than a limit allows',
  'rule.apart': 'one person behind two calls that must be apart',
  'rule.afterwards': 'nothing that follows, in time',
  'rule.afterwards[].call': 'nothing that follows, in time',
  'rule.afterwards[].where': 'something that follows for another',
  'rule.afterwards[].same': 'something that follows for another',
  'rule.afterwards[].withinMs': 'nothing that follows, in time',
  'outcome.outcome': 'a population that was narrowed after the window',
  'outcome.statement': told,
  'outcome.owner': 'an owner who is not enrolled',
  'outcome.hash': told,
  'outcome.atStake': told,
  'outcome.atStake.amountMinor': told,
  'outcome.atStake.currency': told,
  'outcome.appetite': 'no appetite',
  'outcome.appetite.amountMinor': 'budgets above the appetite',
  'outcome.appetite.currency': 'a budget in another currency than the appetite',
  'outcome.appetite.per': 'budgets above the appetite',
  'outcome.evaluatedBy': 'functions that have not signed',
  'outcome.arguments': 'an account number that nobody said',
  'outcome.argumentsMode': 'origins that are only observed',
  'outcome.egress': 'ways of data that are declared and not enforced',
  'outcome.reconcile': 'an outcome without a record',
  'outcome.reconcile.record': 'a record that was not read',
  'outcome.reconcile.population': 'a record that was read by another query',
  'outcome.reconcile.call': 'a call that was answered and left no row',
  'outcome.reconcile.key': 'a row under another key',
  'outcome.reconcile.match': 'a row that says another amount',
  'outcome.reconcile.money': 'a row whose money cannot be read',
  'outcome.reconcile.money.amount': 'a row whose money cannot be read',
  'outcome.reconcile.money.unit': 'a row that says another amount',
  'outcome.reconcile.money.currency': 'a row of another currency',
  'outcome.reconcile.elsewhere': 'a row that no call made',
  'outcome.reconcile.elsewhere[].rows': 'a row that no call made',
  'outcome.reconcile.elsewhere[].owner': 'a channel that somebody owns who is not enrolled',
  'outcome.reconcile.withinMs': 'a record that was read before late rows could no longer come',
  'outcome.invariants': 'an invariant that is broken in the record',
  'outcome.invariants[].id': 'an invariant that is broken in the record',
  'outcome.invariants[].extract': 'an invariant that was read by another query',
  'outcome.invariants[].each': 'an invariant that is broken in the record',
  'outcome.onBreach': 'an owner whom nothing reaches on a breach',
  'outcome.needs': 'ways past the gateway',
  'outcome.needs.rung': 'ways past the gateway',
  'outcome.needs.windowMs': 'a window that ends before the orphan was written',
  'outcome.timeZone': 'a window that ends before the orphan was written',
};
