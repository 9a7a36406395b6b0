// INVARIANT: what a DCR graph lets happen, its checkpoints let pass, and nothing else: on graphs and histories at random.

import { compileRule, History, judgeCheckpoint } from '@surety/proof/rules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, laterMembers, requiredBy } from './checkpoint.ts';
import { type DcrGraph, dcrGraph, importDcr } from './dcr.ts';

/** The rules of the paper, as an engine. */
class Engine {
  readonly #graph: DcrGraph;
  readonly #included = new Set<string>();
  readonly #pending = new Set<string>();
  readonly #executed = new Set<string>();

  constructor(graph: DcrGraph) {
    this.#graph = graph;
    for (const { id, included, pending, executed } of graph.events) {
      if (included !== false) this.#included.add(id);
      if (pending === true) this.#pending.add(id);
      if (executed === true) this.#executed.add(id);
    }
  }

  isEnabled(event: string): boolean {
    const waits = this.#graph.relations.some(
      ({ type, source, target }) =>
        target === event &&
        this.#included.has(source) &&
        ((type === 'condition' && !this.#executed.has(source)) ||
          (type === 'milestone' && this.#pending.has(source))),
    );
    return this.#included.has(event) && !waits;
  }

  execute(event: string): void {
    const to = (wanted: string) =>
      this.#graph.relations.filter(({ type, source }) => type === wanted && source === event);
    this.#executed.add(event);
    this.#pending.delete(event);
    for (const { target } of to('exclude')) this.#included.delete(target);
    for (const { target } of to('include')) this.#included.add(target);
    for (const { target } of to('response')) this.#pending.add(target);
  }
}

const ruleOf = (checkpoint: Checkpoint) => ({
  ...{ outcome: 'o', rule: checkpoint.id, hash: 'A'.repeat(43), before: checkpoint.before, once: [] },
  ...{ ...requiredBy(checkpoint), ...laterMembers(checkpoint), mode: 'deny' as const },
});

/** The checkpoints of a graph, asked in one case. */
class Gate {
  readonly #compiled;
  readonly #history = new History();
  #position = 0;

  constructor(checkpoints: readonly Checkpoint[]) {
    this.#compiled = checkpoints.map((each) => compileRule(ruleOf(each)));
    this.#history.watch(this.#compiled);
  }

  lets(event: string): boolean {
    const tool = `s.${event}`;
    const call = {
      ...{ tool, args: {}, money: undefined, currency: undefined, agent: 'a', user: undefined, case: 'k' },
      ...{ agentOwner: undefined, action: '', at: 0, withheld: false },
    };
    return this.#compiled
      .filter(({ rule }) => rule.before === tool)
      .every(
        (each) => judgeCheckpoint(each, call, { history: this.#history, offers: [] }).answer === 'passed',
      );
  }

  happens(event: string): void {
    const own = { tool: `s.${event}`, args: {}, agent: 'a', user: undefined, case: 'k', withheld: false };
    const [position, settled] = [this.#position, this.#position + 1];
    this.#position += 2;
    this.#history.passages.add({ ...own, position, at: 0, money: undefined, settled });
    this.#history.add({ ...own, position: settled, settledAt: 0, result: {} });
  }
}

const names = ['a', 'b', 'c', 'd'];
const name = fc.constantFrom(...names);
const flag = fc.constantFrom(true, false, undefined, undefined);
const graph: fc.Arbitrary<DcrGraph> = fc.record({
  events: fc.tuple(
    ...names.map((id) => fc.record({ id: fc.constant(id), included: flag, pending: flag, executed: flag })),
  ),
  relations: fc.array(
    fc.record({
      type: fc.constantFrom('condition', 'response', 'include', 'exclude', 'milestone'),
      source: name,
      target: name,
    }),
    { maxLength: 6 },
  ),
});

describe('a DCR graph', () => {
  it('and its checkpoints let the same happen', () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(graph, fc.array(name, { maxLength: 15 }), (drawn, events) => {
        const { checkpoints, left } = importDcr(drawn, 's');
        const [engine, gate] = [new Engine(drawn), new Gate(checkpoints)];
        for (const event of events) {
          const enabled = engine.isEnabled(event);
          if (!left.some((each) => each.event === event)) {
            expect(gate.lets(event)).toBe(enabled);
            seen[enabled ? 'yes' : 'no'] += 1;
          }
          if (!enabled) continue;
          engine.execute(event);
          gate.happens(event);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(200);
  });

  it('says what no checkpoint can say, and asks for what must follow by a deadline', () => {
    const drawn = dcrGraph.parse({
      events: [{ id: 'pay' }, { id: 'tell' }, { id: 'audit' }, { id: 'never', included: false }],
      relations: [
        { type: 'response', source: 'pay', target: 'tell', deadline: '1d' },
        { type: 'response', source: 'pay', target: 'audit' },
        { type: 'exclude', source: 'tell', target: 'audit' },
        { type: 'condition', source: 'audit', target: 'pay' },
        { type: 'condition', source: 'gone', target: 'pay' },
      ],
    });
    const { checkpoints, left } = importDcr(drawn, 'erp');
    expect(checkpoints).toEqual([
      { id: 'dcr-pay', before: 'erp.pay', afterwards: [{ call: 'erp.tell', same: ['case'], within: '1d' }] },
      { id: 'dcr-audit', before: 'erp.audit', forbid: [{ call: 'erp.tell', same: ['case'] }] },
    ]);
    expect(left.map(({ text }) => text)).toEqual([
      'condition gone -> pay: there is no event `gone`',
      'condition audit -> pay: `audit` can be excluded, and would then not be waited for',
      'response pay -> audit: without a deadline it is never too late',
      'nothing includes `never`: take its tool from the agents',
    ]);
  });
});
