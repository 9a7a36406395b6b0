// Telemetry as one thing: built when the configuration names somebody who watches, from OpenTelemetry's own SDK, and
// imported only then. A receiver that is away costs nothing but what it misses: queues are bounded, and it is said once.

import { readdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Tracer } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  type IMetricReader,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { parseFact } from '@surety/proof/facts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Counted, Observer } from '../gateway/observer.ts';
import type { Log } from '../ledger/log.ts';
import { version } from '../version.ts';
import { Counting } from './counting.ts';
import { Instruments, type Reading, readWhenAsked } from './instruments.ts';
import { metricsListener } from './prometheus.ts';
import { type CallSeen, Watching } from './watching.ts';

export interface TelemetryOptions {
  readonly otlp?: { readonly url: string; readonly headers: Readonly<Record<string, string>> } | undefined;
  /** Of the calls, from 0 to 1. */
  readonly traced: number;
  /** Whether metrics are read from here. */
  readonly isScraped: boolean;
  /** Names this log among others. */
  readonly origin: string;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
  readonly onFault: (fault: Error) => void;
  readonly onCall?: ((seen: CallSeen) => void) | undefined;
}

/** What is watched, once it is there. */
export interface Subject {
  readonly log: Log;
  readonly gateway: Pick<Gateway, 'counted' | 'figures'>;
  /** Facts under the newest signed head. */
  readonly sealedSize: () => number;
}

export interface Telemetry {
  readonly observer: Observer;
  watch(subject: Subject): void;
  /** `/metrics`; `host` of an address of its own. */
  listener(host?: string): RequestListener;
  /** Sends what is left, for a bounded time. */
  close(): Promise<void>;
}

const exportEveryMs = 15_000;
const exportWithinMs = 5_000;
const closeWithinMs = 5_000;

class Scraped extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export function openTelemetry(options: TelemetryOptions): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': 'surety',
    'service.version': version,
    'service.instance.id': options.origin,
  });
  const scraped = new Scraped();
  const readers: IMetricReader[] = [...(options.isScraped ? [scraped] : []), ...pushed(options)];
  const meters = new MeterProvider({ resource, readers });
  const traces = tracesOf(options, resource);
  const meter = meters.getMeter('surety', version);
  const instruments = new Instruments(meter);
  let counted = (_: string): Counted => ({ tool: 'unlabelled', effect: 'execute' });
  const counting = new Counting(instruments, (tool) => counted(tool));
  const watching = new Watching({
    instruments,
    tracer: traces?.getTracer('surety', version) as Tracer | undefined,
    counted: (tool) => counted(tool),
    refusal: (call) => counting.refusal(call),
    onCall: options.onCall ?? (() => undefined),
  });
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const ending: (() => void)[] = [() => delay.disable()];
  return {
    observer: watching,
    watch: (subject) => {
      counted = (tool) => subject.gateway.counted(tool);
      ending.push(subject.log.subscribe((recorded) => counting.apply(recorded)));
      readWhenAsked(meter, { ...standing(subject, watching), ...own(delay) });
    },
    listener: (host) => metricsListener(() => collected(scraped), host, options.onFault),
    close: async () => {
      for (const end of ending) end();
      const work = Promise.allSettled([meters.shutdown(), traces?.shutdown()]);
      const { promise: tooLong, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, closeWithinMs);
      await Promise.race([work, tooLong]);
      clearTimeout(timer);
    },
  };
}

async function collected(reader: MetricReader): Promise<ResourceMetrics> {
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw errors[0];
  return resourceMetrics;
}

function pushed({ otlp, onNote }: TelemetryOptions): IMetricReader[] {
  if (otlp === undefined) return [];
  const exporter = new OTLPMetricExporter({ ...receiver(otlp, 'metrics') });
  return [
    new PeriodicExportingMetricReader({
      exporter: telling(exporter, 'metrics', onNote),
      exportIntervalMillis: exportEveryMs,
      exportTimeoutMillis: exportWithinMs,
    }),
  ];
}

function tracesOf(
  { otlp, traced, onNote }: TelemetryOptions,
  resource: ReturnType<typeof resourceFromAttributes>,
): TracerProvider | undefined {
  if (otlp === undefined || traced === 0) return undefined;
  const exporter = telling(new OTLPTraceExporter(receiver(otlp, 'traces')), 'spans', onNote);
  return new TracerProvider({
    resource,
    sampler: new TraceIdRatioBasedSampler(traced),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: exportWithinMs })],
  });
}

const receiver = ({ url, headers }: NonNullable<TelemetryOptions['otlp']>, signal: 'traces' | 'metrics') => ({
  url: `${url}/v1/${signal}`,
  headers: { ...headers },
  timeoutMillis: exportWithinMs,
});

/** Says once that a receiver took nothing, and once that it does again; what it answered is not repeated. */
function telling<E extends { export(batch: never, done: (result: { code: number }) => void): void }>(
  exporter: E,
  what: string,
  onNote: TelemetryOptions['onNote'],
): E {
  let failing = false;
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      const failed = result.code !== 0;
      if (failed && !failing) onNote('warn', `telemetry: ${what} could not be sent`);
      if (!failed && failing) onNote('info', `telemetry: ${what} are sent again`);
      failing = failed;
      done(result);
    });
  return exporter;
}

function standing({ log, gateway, sealedSize }: Subject, watching: Watching) {
  const one = (value: number): Reading => [[value]];
  return {
    'surety.calls.active': () => one(watching.active),
    'surety.obligations.open': () => one(gateway.figures.open),
    'surety.holds.waiting': () => one(gateway.figures.holds),
    'surety.asks': () => one(gateway.figures.asked),
    'surety.backlog': () => one(gateway.figures.backlog),
    'surety.ledger.size': () => one(log.size()),
    'surety.ledger.unsealed': () => one(Math.max(0, log.size() - sealedSize())),
    'surety.ledger.seal.lag': () => one(sealLagS(log, sealedSize())),
    'surety.budget.use': () =>
      gateway.figures.budgets.map(([agent, share]) => [hundredths(share), { agent }] as const),
    'surety.upstream.up': () =>
      [...watching.upstreams].map(([server, up]) => [up ? 1 : 0, { server }] as const),
  };
}

/** Finer, it would tell the amount of a single call; what cannot be added up any more is 2. */
const hundredths = (share: number): number => (Number.isFinite(share) ? Math.round(share * 100) / 100 : 2);

function sealLagS(log: Log, sealedSize: number): number {
  const [oldest] = log.read(sealedSize, 1);
  if (oldest === undefined) return 0;
  return Math.max(0, (Date.now() - parseFact(oldest.bytes, oldest.position).time) / 1_000);
}

function own(delay: ReturnType<typeof monitorEventLoopDelay>) {
  const one = (value: number): Reading => [[value]];
  return {
    'process.cpu.time': (): Reading => {
      const { user, system } = process.cpuUsage();
      return [
        [user / 1e6, { 'cpu.mode': 'user' }],
        [system / 1e6, { 'cpu.mode': 'system' }],
      ];
    },
    'process.memory.usage': () => one(process.memoryUsage.rss()),
    'process.uptime': () => one(process.uptime()),
    'process.unix.file_descriptor.count': (): Reading => {
      const open = openFiles();
      return open === undefined ? [] : [[open]];
    },
    'nodejs.eventloop.delay.p99': () => one(delay.percentile(99) / 1e9),
    'nodejs.eventloop.delay.max': () => {
      const max = delay.max / 1e9;
      delay.reset();
      return one(max);
    },
  };
}

/** Where the system tells (Linux). */
function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
