// Metrics as Prometheus reads them: its text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/),
// under the names that OpenTelemetry's compatibility specification gives: dots become `_`, the unit and `_total` are
// appended. Served at `/metrics` only, to names of this host only (DNS rebinding), with nothing to read but numbers.

import type { RequestListener } from 'node:http';
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { Door } from '../gateway/mcp/door.ts';
import { Refusal } from '../gateway/mcp/refusal.ts';

const units: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', '1': '_ratio' };
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export function expositionOf({ scopeMetrics }: ResourceMetrics): string {
  return scopeMetrics.flatMap(({ metrics }) => metrics.map(familyOf)).join('');
}

function familyOf(metric: MetricData): string {
  const { descriptor, dataPointType } = metric;
  const isCounter = dataPointType === DataPointType.SUM && metric.isMonotonic;
  const name = `${descriptor.name.replace(/[^A-Za-z0-9_]/g, '_')}${units[descriptor.unit] ?? ''}${isCounter ? '_total' : ''}`;
  const type = isCounter ? 'counter' : dataPointType === DataPointType.HISTOGRAM ? 'histogram' : 'gauge';
  const lines = [
    `# HELP ${name} ${descriptor.description.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
    `# TYPE ${name} ${type}`,
  ];
  for (const point of metric.dataPoints) {
    if (dataPointType === DataPointType.HISTOGRAM)
      lines.push(...histogram(name, point as DataPoint<Histogram>));
    else lines.push(`${name}${labels(point.attributes)} ${numeral(point.value as number)}`);
  }
  return `${lines.join('\n')}\n`;
}

function histogram(name: string, { attributes, value }: DataPoint<Histogram>): string[] {
  const { boundaries, counts } = value.buckets;
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    const le = boundaries[at] === undefined ? '+Inf' : numeral(boundaries[at]);
    return `${name}_bucket${labels({ ...attributes, le })} ${below}`;
  });
  return [
    ...buckets,
    `${name}_sum${labels(attributes)} ${numeral(value.sum ?? 0)}`,
    `${name}_count${labels(attributes)} ${value.count}`,
  ];
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function labels(attributes: DataPoint<number>['attributes']): string {
  const pairs = Object.entries(attributes).map(
    ([name, value]) =>
      `${name.replace(/[^A-Za-z0-9_]/g, '_')}="${String(value).replace(/[\\"\n]/g, (mark) => escapes[mark] ?? '')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const numeral = (value: number): string => {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
};

/** `host`: of its own address. At the administrator's socket there is no name to check. */
export function metricsListener(
  collect: () => Promise<ResourceMetrics>,
  host: string | undefined,
  onFault: (fault: Error) => void,
): RequestListener {
  const door = host === undefined ? undefined : new Door([host]);
  return (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      if (response.destroyed) return;
      const headers = {
        'content-type': type,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      };
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    try {
      door?.checkNames(request);
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      return answer(cause.status, `${cause.message}\n`);
    }
    if (request.url?.split('?')[0] !== '/metrics') return answer(404, 'there is only /metrics\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'only GET\n');
    collect().then(
      (metrics) => answer(200, expositionOf(metrics), contentType),
      (fault: Error) => {
        onFault(fault);
        answer(500, 'the figures cannot be read now\n');
      },
    );
  };
}
