// For tests: a strict reader of Prometheus' text format, version 0.0.4. What it does not know it refuses.

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const sampleForm = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelForm = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** Throws for anything that is not the format. */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let helped: readonly [string, string] | undefined;
  let current: [string, Family] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') helped = [name, rest];
    else if (kind === 'TYPE') {
      if (families.has(name) || !metricName.test(name) || helped?.[0] !== name) throw new Error(line);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(line);
      current = [name, { type: rest, help: helped[1], samples: [] }];
      families.set(...current);
    } else {
      const sample = sampleIn(line);
      const [family = '', { type, samples } = { type: '', samples: [] as Sample[] }] = current ?? [];
      const names =
        type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => family + end) : [family];
      const series = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (!names.includes(sample.name) || seen.has(series)) throw new Error(`unexpected: ${line}`);
      seen.add(series);
      samples.push(sample);
    }
  }
  for (const [name, family] of families)
    if (family.type === 'histogram') checkHistogram(name, family.samples);
  return families;
}

function sampleIn(line: string): Sample {
  const [, name, written = '', value = ''] = sampleForm.exec(line) ?? [];
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  if (name === undefined || Number.isNaN(number)) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  labelForm.lastIndex = 0;
  while (labelForm.lastIndex < written.length) {
    const [, label, text] = labelForm.exec(written) ?? [];
    if (label === undefined || text === undefined || label in labels) throw new Error(`no labels: ${line}`);
    labels[label] = text;
  }
  return { name, labels, value: number };
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const each of series.values()) {
    const buckets = each.filter((sample) => sample.name === `${name}_bucket`);
    const count = each.find((sample) => sample.name === `${name}_count`)?.value;
    const rising = buckets.every(({ value }, at) => at === 0 || value >= (buckets[at - 1] as Sample).value);
    if (!rising || buckets.at(-1)?.labels.le !== '+Inf' || buckets.at(-1)?.value !== count)
      throw new Error(`${name} is no histogram`);
    if (!each.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name} has no sum`);
  }
}
