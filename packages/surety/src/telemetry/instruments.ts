// Every metric there is, by name, unit and meaning: docs/telemetry.md has the same table, and a test compares them.
// `mcp.*` and `process.*` are OpenTelemetry's own (semantic conventions for GenAI and MCP, 0.1); `surety.*` are ours.

import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';

interface Described {
  readonly unit: string;
  readonly description: string;
}

const times: Described = { unit: 's', description: '' };
const timed = (description: string): Described => ({ ...times, description });
const counted = (what: string, description: string): Described => ({ unit: `{${what}}`, description });

export const counters = {
  'surety.calls': counted(
    'call',
    'calls by tool, effect and decision (allow, hold, deny), with the code of a refusal',
  ),
  'surety.settlements': counted('call', 'calls that were settled, by tool, effect, settlement and by whom'),
  'surety.approvals': counted('approval', 'answers of people to holds, by function and decision'),
  'surety.verdicts': counted('verdict', 'verdicts given, by outcome and verdict'),
  'surety.notices': counted(
    'message',
    'messages to people and webhooks, by what they are about, way, form and answer (accepted, given-up)',
  ),
} as const;

export const histograms = {
  'mcp.server.operation.duration': timed('from a call to its answer'),
  'mcp.client.operation.duration': timed('from sending a call to a server to its answer'),
  'surety.decision.duration': timed(
    'from a call to its being sent, held or refused: what Surety itself takes before',
  ),
} as const;

export const gauges = {
  'surety.calls.active': counted('call', 'calls being answered'),
  'surety.obligations.open': counted('call', 'calls whose outcome nobody has said yet'),
  'surety.holds.waiting': counted('hold', 'holds that wait for people'),
  'surety.asks': counted('hold', 'holds that the person was asked about in 24 hours who was asked most'),
  'surety.backlog': counted('append', 'appends about what was answered already that are not durable yet'),
  'surety.ledger.size': counted('fact', 'facts in the ledger'),
  'surety.ledger.unsealed': counted('fact', 'facts that no signed head covers yet'),
  'surety.ledger.seal.lag': timed('age of the oldest fact that no signed head covers'),
  'surety.budget.use': {
    unit: '1',
    description: 'share of the budget of the day that an agent has used, in hundredths',
  },
  'surety.upstream.up': {
    unit: '',
    description: 'whether the last call to a server was answered: 1 or 0, by server',
  },
  'process.memory.usage': { unit: 'By', description: 'resident memory' },
  'process.uptime': timed('since the process started'),
  'process.unix.file_descriptor.count': counted('file', 'open files'),
  'nodejs.eventloop.delay.p99': timed(
    '99th percentile of how late the event loop was since the last reading',
  ),
  'nodejs.eventloop.delay.max': timed('the most that the event loop was late since the last reading'),
} as const;

/** Read when asked, and only growing. */
export const totals = {
  'process.cpu.time': timed('processor time, by mode (user, system)'),
} as const;

/** From a tenth of a millisecond, what a decision takes, to the half minute of a slow server. */
const boundariesS = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  ...[1, 2.5, 5, 10, 30, 60],
];

export type CounterName = keyof typeof counters;
export type HistogramName = keyof typeof histograms;
export type GaugeName = keyof typeof gauges;

export type Reading = readonly (readonly [value: number, attributes?: Attributes])[];

export class Instruments {
  readonly #counters: Readonly<Record<CounterName, Counter>>;
  readonly #histograms: Readonly<Record<HistogramName, Histogram>>;

  constructor(meter: Meter) {
    this.#counters = made(counters, (name, described) => meter.createCounter(name, described));
    this.#histograms = made(histograms, (name, described) =>
      meter.createHistogram(name, {
        ...described,
        advice: { explicitBucketBoundaries: boundariesS },
      }),
    );
  }

  count(name: CounterName, attributes: Attributes): void {
    this.#counters[name].add(1, attributes);
  }

  time(name: HistogramName, seconds: number, attributes: Attributes): void {
    this.#histograms[name].record(seconds, attributes);
  }
}

/** Has the gauges read whenever somebody collects. */
export function readWhenAsked(
  meter: Meter,
  readings: Readonly<Partial<Record<GaugeName | keyof typeof totals, () => Reading>>>,
): void {
  for (const [name, read] of Object.entries(readings)) {
    const isTotal = Object.hasOwn(totals, name);
    const described = isTotal ? totals[name as keyof typeof totals] : gauges[name as GaugeName];
    const instrument = isTotal
      ? meter.createObservableCounter(name, described)
      : meter.createObservableGauge(name, described);
    instrument.addCallback((result) => {
      for (const [value, attributes] of read()) result.observe(value, attributes);
    });
  }
}

function made<K extends string, T>(
  all: Readonly<Record<K, Described>>,
  make: (name: K, described: Described) => T,
): Readonly<Record<K, T>> {
  const entries = Object.entries(all) as [K, Described][];
  return Object.fromEntries(entries.map(([name, described]) => [name, make(name, described)])) as Record<
    K,
    T
  >;
}
