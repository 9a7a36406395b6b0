// The steps that decide, in their order. Each asks one feature one question.

import { commitScalar } from '@surety/proof/records';
import { MoneyError, moneyIn } from '@surety/proof/rules';
import type { Catalog } from '../catalog/catalog.ts';
import type { Contracts } from '../contracts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Logic } from '../logic/logic.ts';
import { type Origins, unmetText } from '../origin/origins.ts';
import { type Budgets, type Containments, type Permissions, scopeText } from '../perimeter/index.ts';
import type { Call, Draft, Step, StepAnswer } from './call.ts';

export interface Features {
  readonly containments: Containments;
  readonly contracts: Pick<Contracts, 'judge' | 'pins'>;
  readonly catalog: Catalog;
  readonly permissions: Permissions;
  readonly budgets: Budgets;
  readonly logic: Logic;
  readonly origins: Pick<Origins, 'trace'>;
}

export const decidingSteps = ({
  containments,
  contracts,
  catalog,
  permissions,
  budgets,
  logic,
  origins,
}: Features): readonly Step[] => [
  { name: 'contain', again: true, last: true, run: (call) => contain(containments, catalog, call) },
  { name: 'pin', again: true, last: true, run: (call) => pin(contracts, call) },
  { name: 'label', again: true, run: (call) => label(catalog, call) },
  { name: 'trace', run: (call, draft) => trace(origins, call, draft) },
  { name: 'permit', again: true, run: (call, draft) => permit(permissions, call, draft) },
  { name: 'once-at-a-time', run: (call, draft) => alone(logic, call, draft) },
  { name: 'checkpoint', run: (call, draft) => checkpoint(logic, call, draft) },
  { name: 'budget', run: (call, draft) => budget(budgets, call, draft) },
];

/** Whether a person, or Surety on a breach, has ordered that this may not be done now. */
function contain(containments: Containments, catalog: Catalog, { tool, identity, user }: Call): StepAnswer {
  const isRead = catalog.label(tool)?.effect === 'read';
  const against = containments.against({ tool, agent: identity.identity, user }, isRead);
  if (against === undefined) return { answer: 'allow' };
  const { order, scope, person } = against;
  const text = `${scopeText(scope)} is contained by ${order} of ${person ?? 'Surety itself, on a breach'}`;
  return { answer: 'deny', code: 'contained', text };
}

/** Whether a person approved what the tool is, as its agent is shown it. A decided call crosses nothing: nobody lists it. */
function pin(contracts: Features['contracts'], { tool, contract, decided }: Call): StepAnswer {
  const answer = decided ? undefined : contracts.judge(tool, contract);
  if (answer === undefined || answer.pin !== undefined || answer.mode === 'observe')
    return { answer: 'allow' };
  const isPinned = contracts.pins.of(tool) !== undefined;
  const code =
    contract === undefined ? 'contract-unknown' : isPinned ? 'contract-changed' : 'contract-unapproved';
  return { answer: 'deny', code, text: answer.text };
}

/** What the call does, and with how much money. A tool that nobody labelled is not called. */
function label(catalog: Catalog, { tool, args }: Call): StepAnswer {
  const known = catalog.label(tool);
  if (known === undefined)
    return { answer: 'deny', code: 'unknown-tool', text: `nobody has labelled ${tool} with what it does` };
  try {
    const money = moneyIn(known, args);
    return { answer: 'allow', adds: { effect: known.effect, ...(money === undefined ? {} : { money }) } };
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    return { answer: 'deny', code: 'money', text: error.message };
  }
}

/** Whether each argument that an outcome asks about came from where it may. */
function trace(origins: Features['origins'], call: Call, { effect }: Draft): StepAnswer {
  const traced = origins.trace({ ...call, isRead: effect === 'read' });
  if (traced === undefined) return { answer: 'allow' };
  const { certificates, written } = traced;
  if (written === undefined)
    return { answer: 'deny', code: 'origin', text: 'it writes more values than can be kept track of' };
  const unmet = traced.unmet.filter(({ mode }) => mode === 'deny');
  if (unmet.length === 0) return { answer: 'allow', adds: { origins: certificates, written } };
  return { answer: 'deny', code: 'origin', text: unmetText({ ...traced, unmet }) };
}

function permit(permissions: Permissions, { identity, tool, user }: Call, { money }: Draft): StepAnswer {
  const decision = permissions.decide({ agent: identity.identity, tool, money, user });
  return decision.allowed
    ? { answer: 'allow', adds: { policies: decision.policies } }
    : { answer: 'deny', code: 'permission', text: decision.cause };
}

/** Nothing is sent twice: while an identical action is open, a second one waits. */
function alone(logic: Logic, { action, id }: Call, { effect, reserves = [] }: Draft): StepAnswer {
  if (effect === 'read') return { answer: 'allow' };
  const { stream, version, open } = logic.action(action);
  if (open !== undefined) return { answer: 'wait', open };
  const opened = {
    stream,
    expected: version,
    facts: [{ kind: 'action.opened', body: { call: id } }],
  } as const;
  return { answer: 'allow', adds: { reserves: [...reserves, opened] } };
}

function checkpoint(logic: Logic, call: Call, { at, money, reserves = [] }: Draft): StepAnswer {
  const { tool, args, user, action, identity } = call;
  const answer = logic.judge(
    {
      tool,
      args,
      money,
      agent: identity.identity,
      user,
      case: call.case,
      agentOwner: identity.owner,
      action,
      at,
    },
    call.id,
  );
  if (answer.answer === 'allow') {
    const { checkpoints, consumes } = answer;
    return { answer: 'allow', adds: { checkpoints, reserves: [...reserves, ...consumes] } };
  }
  const { rule, text } = answer;
  if (answer.answer === 'hold' && rule.approve !== undefined)
    return { answer: 'hold', rule: rule.hash, text: `${rule.rule}: ${text}`, approve: rule.approve };
  return {
    answer: answer.answer === 'error' ? 'error' : 'deny',
    code: 'checkpoint',
    rule: rule.hash,
    text: `${rule.rule}: ${text}`,
  };
}

function budget(
  budgets: Budgets,
  { id, identity, about }: Call,
  { at, money, reserves = [] }: Draft,
): StepAnswer {
  const answer = money === undefined ? undefined : budgets.ask(identity, money, at);
  if (money === undefined || answer === undefined) return { answer: 'allow', adds: { budgets: [] } };
  if (!answer.fits) return { answer: 'deny', code: 'budget', text: answer.cause };
  const { stream, version } = answer;
  const { digest, disclosure } = commitScalar(money, '', salt, sha256);
  const body = { identity: identity.identity, call: id, amount: [digest] };
  const fact = { kind: 'budget.reserved', body, disclosures: [disclosure], about } as const;
  const reserved = { stream, expected: version, facts: [fact] };
  return { answer: 'allow', adds: { budgets: [stream], reserves: [...reserves, reserved] } };
}
