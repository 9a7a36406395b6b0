// Writes what the pipeline decided, and says it to the agent in uniform words: the full reason goes to
// people only (`surety why`), because a refusal that explains itself is an oracle.

import { randomBytes } from 'node:crypto';
import type { Body } from '@surety/proof/facts';
import { commit, commitScalar, JsonError, parseJson } from '@surety/proof/records';
import type { NewFact } from '../facts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { Append, Log } from '../ledger/log.ts';
import type { Asks } from '../logic/asks.ts';
import type { Logic } from '../logic/logic.ts';
import { Backlog } from './backlog.ts';
import type { Call, Draft, StepAnswer } from './call.ts';
import type { Input, ToolReply, UpstreamReply } from './mcp/port.ts';

/** A hold that nobody answered ends after a day. */
const holdMs = 86_400_000;

type Answered<A extends StepAnswer['answer']> = Extract<StepAnswer, { readonly answer: A }>;

export interface RecorderParts {
  readonly log: Log;
  readonly logic: Logic;
  readonly asks: Asks;
  readonly now: () => number;
  /** Called when nobody knows whether a call took effect: the record may. */
  readonly onOpen: (call: string) => void;
  /** Called with what could not be recorded; codes and ids only. */
  readonly onProblem: (problem: string) => void;
}

export class Recorder {
  readonly #parts: RecorderParts;
  readonly #backlog: Backlog;
  readonly #onTheWay = new Set<string>();
  /** Holds that are being recorded, by what waits in them: parallel calls that are identical share one. */
  readonly #holding = new Map<string, Promise<string>>();

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#backlog = new Backlog(parts.log, parts.onProblem);
  }

  /** Appends about what was answered already that are not durable yet. */
  get backlog(): number {
    return this.#backlog.length;
  }

  /** Resolves when everything answered so far is durable; rejects while the ledger cannot record. */
  caughtUp(): Promise<void> {
    return this.#backlog.caughtUp();
  }

  /** Resolves at once unless facts of earlier answers have waited too long for their batch. */
  notBehind(): Promise<void> {
    return this.#backlog.notBehind();
  }

  /** Makes the intent durable together with all that it reserves. */
  async intended(call: Call, draft: Draft): Promise<number | 'conflict'> {
    // One value: a part of it alone, such as a path, could say what was kept back.
    const origins = draft.origins && commitScalar(draft.origins, '', salt, sha256);
    const body: Body<'call.intended'> = {
      ...audit(call, draft),
      args: call.commitments.digests,
      policies: draft.policies ?? [],
      checkpoints: draft.checkpoints ?? [],
      budgets: draft.budgets ?? [],
      origins: origins === undefined ? 'not-traced' : [origins.digest],
      ...(draft.written === undefined ? {} : { written: draft.written }),
      ...contractIn(call),
    };
    const fact = {
      kind: 'call.intended',
      body,
      ...who(call),
      disclosures: [...call.commitments.disclosures, ...(origins === undefined ? [] : [origins.disclosure])],
    } as const;
    const intent: Append = { stream: caseStream(call), facts: [fact] };
    // Before it is durable: whoever finds the intent in the log must find that its answer is awaited.
    this.#onTheWay.add(call.id);
    try {
      const answer = await this.#parts.log.append([intent, ...(draft.reserves ?? [])]);
      // Past the gateway there is no answer to wait for: whoever learns the outcome first may say it.
      if (call.decided) this.#onTheWay.delete(call.id);
      if (!('conflict' in answer)) return answer.positions[0] as number;
    } catch (error) {
      this.#onTheWay.delete(call.id);
      throw error;
    }
    this.#onTheWay.delete(call.id);
    return 'conflict';
  }

  /** Calls on their way: nobody else may settle what is about to be answered. */
  get onTheWay(): ReadonlySet<string> {
    return this.#onTheWay;
  }

  /** Makes durable what a server is about to hear in the middle of a call. Rejects if that cannot be. */
  async continued(call: Call, draft: Draft, { request, response }: Input): Promise<void> {
    const input = commit({ request, response }, salt, sha256);
    const body: Body<'call.continued'> = { ...audit(call, draft), input: input.digests };
    const fact: NewFact = { kind: 'call.continued', body, ...who(call), disclosures: input.disclosures };
    await this.#parts.log.append([{ stream: caseStream(call), facts: [fact] }]);
  }

  /** Records what came back; the agent does not wait for that. */
  settled(call: Call, draft: Draft, intent: number, reply: UpstreamReply): ToolReply {
    // Its settlement, if there is one, is in the queue before anybody else can look again.
    this.#onTheWay.delete(call.id);
    if (reply.is === 'lost') {
      this.#parts.onOpen(call.id);
      const message = `Not known whether this took effect. Reference ${call.id}. Do not assume either way.`;
      return { is: 'failed', message };
    }
    const how = settlementOf(reply);
    const result = resultOf(reply);
    const body: Body<'call.settled'> = {
      ...audit(call, draft),
      intent,
      settlement: how,
      by: reply.is === 'not-sent' ? 'gateway' : 'upstream',
      result: result.digests,
    };
    const settledFact = {
      kind: 'call.settled',
      body,
      ...who(call),
      disclosures: result.disclosures,
    } as const;
    const appends: Append[] = [{ stream: caseStream(call), facts: [settledFact] }];
    // INVARIANT: one settlement. If the record has settled it meanwhile, its action has moved on from where
    // this intent opened it: a conflict, and nothing is written twice.
    for (const { stream, expected = 0, facts } of draft.reserves ?? [])
      if (facts.some(({ kind }) => kind === 'action.opened'))
        appends.push({
          stream,
          expected: expected + 1,
          facts: [{ kind: 'action.closed', body: { call: call.id } }],
        });
    if (how === 'none') appends.push(...releases(draft.reserves ?? []));
    this.#backlog.add(appends);
    if (reply.is !== 'not-sent') return { is: 'upstream', reply };
    return { is: 'failed', message: `Not sent: the tool could not be reached. Reference ${call.id}.` };
  }

  /** The one fact of a read, in order, in the next batch. */
  wasRead(call: Call, draft: Draft, reply: UpstreamReply): ToolReply {
    const result = resultOf(reply);
    const body: Body<'call.settled'> = {
      ...audit(call, draft),
      args: call.commitments.digests,
      settlement: settlementOf(reply),
      by: reply.is === 'result' || reply.is === 'error' ? 'upstream' : 'gateway',
      result: result.digests,
      ...contractIn(call),
    };
    const disclosures = [...call.commitments.disclosures, ...result.disclosures];
    const fact: NewFact = { kind: 'call.settled', body, ...who(call), disclosures };
    this.#backlog.add([{ stream: caseStream(call), facts: [fact] }]);
    return { is: 'upstream', reply };
  }

  async held(call: Call, draft: Draft, answer: Answered<'hold'>): Promise<ToolReply> {
    const { logic, now } = this.#parts;
    const agent = call.identity.identity;
    const name = JSON.stringify([call.keyedAction, answer.rule, agent, call.case]);
    const waits = logic.waiting(call.keyedAction, answer.rule, agent, call.case, now());
    const shared = waits ?? this.#holding.get(name);
    // INVARIANT: whoever only follows a hold never has people asked anew once it was used, refused, or is over.
    const isOver = call.redeems !== undefined && logic.waitsMs(call.redeems, now()) === 0;
    if (shared === undefined && isOver)
      return this.refused(call, draft, 'checkpoint', {
        ...{ answer: 'deny', code: 'conflict', rule: answer.rule },
        text: `${call.redeems}, for which it was made again, was used, refused, or is over`,
      });
    const against = shared === undefined ? this.#tooOften(call, answer) : undefined;
    if (against !== undefined)
      return this.refused(call, draft, 'checkpoint', {
        ...{ answer: 'deny', code: 'asked-often', rule: answer.rule, text: against },
      });
    const hold = await (shared ?? this.#hold(name, call, draft, answer));
    const next = 'Repeat the same call, unchanged, after it has been approved.';
    const message = `Held for approval. Reference ${hold}. ${next}`;
    return { is: 'held', message, hold: { name: hold, leftMs: logic.waitsMs(hold, now()) } };
  }

  /** Why people are not asked about one more call; what people have been asked about already is not affected. */
  #tooOften({ identity, user }: Call, { approve }: Answered<'hold'>): string | undefined {
    const { asks, now } = this.#parts;
    const heldAt = now();
    return asks.against({ approve, agent: identity.identity, user, heldAt }, heldAt);
  }

  #hold(name: string, call: Call, draft: Draft, answer: Answered<'hold'>): Promise<string> {
    const { log, asks, now } = this.#parts;
    const hold = `h-${randomBytes(9).toString('base64url')}`;
    const amount = draft.money && commitScalar(draft.money, '', salt, sha256);
    const body: Body<'call.held'> = {
      ...audit(call, draft),
      args: call.commitments.digests,
      ...(amount === undefined ? {} : { amount: [amount.digest] }),
      hold,
      rule: answer.rule,
      approve: answer.approve,
      expires: now() + holdMs,
    };
    const shown = amount === undefined ? [] : [amount.disclosure];
    const disclosures = [...call.commitments.disclosures, ...shown];
    const fact: NewFact = { kind: 'call.held', body, ...who(call), disclosures };
    // In this turn, so that calls at the same time are counted.
    const { approve } = answer;
    asks.take(hold, { approve, agent: call.identity.identity, user: call.user, heldAt: now() });
    const recorded = log
      .append([{ stream: `approval/${hold}`, expected: 0, facts: [fact] }])
      .then(() => hold)
      .catch((error: Error) => {
        asks.untake(hold);
        throw error;
      })
      .finally(() => this.#holding.delete(name));
    this.#holding.set(name, recorded);
    return recorded;
  }

  /** An identical call is open. Nothing is written: the open intent says it all. */
  waiting(_call: Call, open: string): ToolReply {
    this.#parts.onOpen(open);
    return {
      is: 'held',
      message: `Held: the outcome of an identical call is not known yet. Reference ${open}.`,
    };
  }

  async refused(
    call: Call,
    draft: Draft,
    step: string,
    answer: Answered<'deny' | 'error'>,
  ): Promise<ToolReply> {
    const cause = commit(answer.text, salt, sha256);
    const body: Body<'call.refused'> = {
      ...audit(call, draft),
      args: call.commitments.digests,
      step,
      code: answer.code,
      cause: cause.digests,
      ...(answer.rule === undefined ? {} : { rule: answer.rule }),
    };
    const disclosures = [...call.commitments.disclosures, ...cause.disclosures];
    const fact: NewFact = { kind: 'call.refused', body, ...who(call), disclosures };
    await this.#parts.log.append([{ stream: caseStream(call), facts: [fact] }]);
    return { is: 'refused', message: `Refused. Reference ${call.id}.` };
  }
}

const contractIn = ({ contract }: Call) => (contract === undefined ? {} : { contract });

const caseStream = (call: Call): string => `case/${call.case}`;

const who = (call: Call) => ({
  about: call.about,
  case: call.case,
  agent: call.identity.identity,
  ...(call.user === undefined ? {} : { user: call.user }),
});

const audit = (call: Call, draft: Draft) =>
  ({
    call: call.id,
    tool: call.tool,
    // A call refused before it was labelled might do anything: it is recorded as if it did.
    effect: draft.effect ?? 'execute',
    action: call.keyedAction,
    screened: 'none',
    attestation: 'none',
  }) as const;

const noResult = { digests: [] as string[], disclosures: [] as string[] };

/** A tool that says `isError` says that it did not do it; whether that is so, the record will tell. */
function settlementOf(reply: UpstreamReply): 'ok' | 'error' | 'none' {
  if (reply.is === 'result') return reply.value.isError === true ? 'error' : 'ok';
  return reply.is === 'not-sent' ? 'none' : 'error';
}

/** The result as rules see it (docs/formats.md): structured content, else the one text block if it is JSON. */
function resultOf(reply: UpstreamReply): { digests: readonly string[]; disclosures: readonly string[] } {
  if (reply.is !== 'result') return noResult;
  try {
    return commit(resultValue(reply.value), salt, sha256);
  } catch {
    // Hostile content may fail anywhere, and it has left the upstream already: what cannot be kept is said
    // to be missing, never invented, and never a reason to leave the call unsettled.
    return noResult;
  }
}

export function resultValue(value: Readonly<Record<string, unknown>>): unknown {
  if (value.structuredContent !== undefined) return value.structuredContent;
  // No tool's: what a resource holds, a prompt says, a completion offers.
  if (!Array.isArray(value.content)) return value;
  const content = value.content as { type?: unknown; text?: unknown }[];
  const [only] = content;
  if (content.length !== 1 || only?.type !== 'text' || typeof only.text !== 'string') return { content };
  return parsedOr(only.text);
}

/** Read strictly: a text that two parsers could read differently is kept as text. */
function parsedOr(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return { text };
    throw error;
  }
}

/** The opposite of each reservation, because nothing left the gateway. */
function releases(reserves: readonly Append[]): Append[] {
  return reserves.flatMap(({ stream, facts }) => {
    const released = facts.flatMap((fact): NewFact[] => {
      if (fact.kind === 'budget.reserved') return [{ ...fact, kind: 'budget.released' }];
      if (fact.kind === 'evidence.consumed') return [{ kind: 'evidence.released', body: fact.body }];
      return fact.kind === 'approval.consumed' ? [{ kind: 'approval.released', body: fact.body }] : [];
    });
    return released.length === 0 ? [] : [{ stream, facts: released }];
  });
}
