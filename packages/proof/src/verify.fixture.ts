// A day of supplier payments judged and proven, for tests; and the proof made again by who holds every key.

import { filesIn, written, zipOf } from './bundle/files.fixture.ts';
import { signEnvelope, withheldMark, type ZipFile } from './bundle/index.ts';
import { at, DayLog, type DayOptions, dayEnd, dayStart } from './day.fixture.ts';
import { parseFact } from './facts.ts';
import { headOf, type Key, type LogMaker, sha256 } from './log.fixture.ts';
import { digestOf, parseDisclosure, toBase64, utf8 } from './records/index.ts';
import { payloadType, populationCsv, reportHtml, statementText } from './report/index.ts';
import { foldBook, type Judgement, judge, type Row } from './verdict/index.ts';

export * from './day.fixture.ts';
export { hashOf, LogMaker, makeKey, personKey, type Signer, sha256 } from './log.fixture.ts';

export class Day extends DayLog {
  asOf = dayEnd + 3_600_000 + 60_000;

  /** The verdict straight from the facts, as the product computes it. */
  async judged(window = { from: dayStart, to: dayEnd }): Promise<Judgement> {
    return this.#judge(
      this.log.entries,
      this.cosigners.map(({ name }) => name),
      window,
    );
  }

  async #judge(
    entries: readonly Uint8Array[],
    cosigned: readonly string[],
    window: { from: number; to: number },
    asOf = this.asOf,
  ): Promise<Judgement> {
    const known = new Map([...this.log.disclosures].map((each) => [digestOf(each, sha256), each]));
    const facts = entries.map(parseFact);
    const book = await foldBook(facts, { sha256, find: (digest) => known.get(digest) });
    const outcome = book.outcomes.get('supplier-payments')?.body;
    if (outcome === undefined) throw new Error('no outcome');
    const { size, root } = headOf(this.log.origin, entries);
    const rows = (position: number) =>
      (this.log.rows.get(position) ?? []).map((each) =>
        each.startsWith(withheldMark) ? undefined : (parseDisclosure(each).value as Row),
      );
    const head = { size, root: toBase64(root), cosigned };
    return judge({ book, outcome, window, asOf, rows, head });
  }

  /** A proof of whatever the log holds now; each part can be put in place of the one that is made. */
  async proof(instead: Instead = {}): Promise<Uint8Array> {
    const { window = { from: dayStart, to: dayEnd } } = instead;
    const entries = instead.entries ?? this.log.entries;
    const cosigners = instead.cosigners ?? this.cosigners;
    const note = instead.headNote ?? (await this.log.seal(cosigners));
    const names = (instead.cosigned ?? cosigners).map(({ name }) => name);
    const made = await this.#judge(entries, names, window, instead.asOf);
    const stated = instead.root === undefined ? made : { ...made, head: { ...made.head, ...instead.root } };
    const judgement = instead.judgement?.(stated) ?? stated;
    const population = populationCsv(judgement.population);
    const report = reportHtml(judgement, this.log.origin);
    const { subjects, end } = await written(
      {
        head: note,
        entries,
        disclosures: [...this.log.disclosures, ...(instead.disclosures ?? [])],
        extracts: instead.extracts?.(this.log.rows) ?? this.log.rows,
        population: instead.population?.(population) ?? population,
        report: instead.report?.(report) ?? report,
        verifier: '<!doctype html>',
      },
      sha256,
    );
    const text = statementText(this.log.origin, judgement, subjects);
    const key = instead.statementKey ?? this.log.statementKey;
    const payload = utf8(instead.statement?.(text) ?? text);
    const envelope = await signEnvelope(payloadType, payload, key.verifier, key.sign);
    const proof = await end(envelope);
    return instead.files === undefined ? proof : zipOf(instead.files(await filesIn(proof)));
  }
}

/** What the maker of a proof puts in place of what would be true. */
export interface Instead {
  readonly window?: { from: number; to: number };
  readonly asOf?: number;
  readonly entries?: readonly Uint8Array[];
  readonly cosigners?: readonly Key[];
  readonly cosigned?: readonly Key[];
  readonly headNote?: string;
  readonly root?: { size: number; root: string };
  readonly judgement?: (judgement: Judgement) => Judgement;
  readonly disclosures?: readonly string[];
  readonly extracts?: (
    rows: ReadonlyMap<number, readonly string[]>,
  ) => ReadonlyMap<number, readonly string[]>;
  readonly population?: (csv: string) => string;
  readonly report?: (html: string) => string;
  readonly statement?: (text: string) => string;
  readonly statementKey?: Key;
  /** After signing. */
  readonly files?: (files: readonly ZipFile[]) => readonly ZipFile[];
}

/** Several paid invoices, one approved, one held, one refused, one row of the payroll batch. */
export function honestDay(options: DayOptions = {}, log?: LogMaker): Day {
  const day = new Day(options, log);
  for (const [index, invoice] of ['4101', '4102', '4103'].entries())
    day.pay(invoice, `${480 + index}.50`, { at: at(9, 10 + index * 5) });
  day.hold('4104', '14000.00', 'h-4104', at(10));
  day.approve('4104', '14000.00', { at: at(10, 30) });
  day.pay('4104', '14000.00', { at: at(10, 45) });
  day.hold('4105', '12000.00', 'h-4105', at(11));
  day.refuse('4106', at(11, 10));
  day.stray({ id: 'R1', amount: '2500.00', created_by: 'payroll-batch' });
  return day;
}
