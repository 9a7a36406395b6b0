// Days on which an argument came from where it may not, or nothing shows where it came from.

import { writtenIn } from '../origins/index.ts';
import { canonicalJson, openCommitments } from '../records/index.ts';
import { at, type Day, hashOf, type honestDay } from '../verify.fixture.ts';
import { type DayCase, type Made, of, shiftIntents, withDay, withholdArgs } from './cases.fixture.ts';

const tool = 'erp.pay_invoice';
const anything = ['user', 'record', 'computed', 'untrusted', 'none'];
const rule = { iban: ['record'], currency: anything };
const results = Object.fromEntries(['invoice_id', 'iban', 'amount'].map((name) => [name, { is: 'record' }]));

type Options = NonNullable<Parameters<typeof honestDay>[0]>;
export const originOptions = (outcome: object = {}, more: Options = {}): Options => ({
  ...{ outcome: { arguments: { [tool]: rule }, ...outcome }, results },
  ...more,
});

type Draft = Day['log']['drafts'][number];
type Args = Readonly<Record<string, string>>;
type Certificates = readonly Record<string, unknown>[];

const opened = (day: Day, digests: unknown): unknown => {
  const known = new Map([...day.log.disclosures].map((each) => [hashOf(each), each]));
  return openCommitments(digests as string[], (digest) => known.get(digest)).value;
};

/** Puts a value in the place of one that is committed to; nothing is left of that. */
function put(day: Day, { body }: Pick<Draft, 'body'>, member: string, digests: readonly string[]): void {
  const before = body[member];
  body[member] = digests;
  if (Array.isArray(before)) day.log.forget(before);
}

const words = 'pay what came in: 4101, 4102, 4103 and 4104';

/** What the user said and what the look-ups gave, and the certificates of each payment as the gate would write them. */
export function traced(day: Day): Day {
  const { drafts } = day.log;
  const opening = drafts.findIndex(({ kind }) => kind === 'case.opened');
  put(day, drafts[opening] as Draft, 'words', day.log.commit(words));
  for (const [position, { kind, body }] of drafts.entries()) {
    if (kind !== 'call.intended' || body['tool'] !== tool) continue;
    const args = opened(day, body['args']) as Args;
    const read = readOf(day, args, position);
    if (read === -1) continue;
    const { invoice_id, iban, amount } = args;
    const found = { status: 'matched', invoice_id, iban, amount };
    put(day, drafts[read] as Draft, 'result', day.log.commit(found));
    body['origins'] = day.log.commitWhole(certificatesOf(args, opening, read));
  }
  return day;
}

/** The look-up of this payment. */
const readOf = (day: Day, { invoice_id }: Args, before: number): number =>
  day.log.drafts.findLastIndex(
    ({ kind, body }, position) =>
      kind === 'call.settled' && position < before && String(body['call']).startsWith(`m-${invoice_id}-`),
  );

function certificatesOf({ invoice_id = '' }: Args, opening: number, read: number): Certificates {
  const from = words.indexOf(invoice_id);
  const ground = { is: 'argument', at: '/invoice_id', argument: '/invoice_id' };
  return [
    {
      ...{ argument: '/invoice_id', origin: 'user' },
      places: [{ fact: opening, at: '', piece: [from, from + 4], as: 'number' }],
    },
    { argument: '/amount', origin: 'record', places: [{ fact: read, at: '/amount', as: 'number', ground }] },
    { argument: '/currency', origin: 'none', places: [] },
    { argument: '/iban', origin: 'record', places: [{ fact: read, at: '/iban', as: 'id' }] },
  ];
}

/** The intent of the first payment, to be made wrong. */
export function first(day: Day): { readonly body: Record<string, unknown>; readonly read: number } {
  const position = day.log.drafts.findIndex(({ kind }) => kind === 'call.intended');
  const { body } = day.log.drafts[position] as Draft;
  return { body, read: readOf(day, opened(day, body['args']) as Args, position) };
}

/** Writes its certificates anew. */
function restate(day: Day, change: (all: Certificates) => unknown): void {
  const { body } = first(day);
  const all = opened(day, body['origins']) as Certificates;
  put(day, { body }, 'origins', day.log.commitWhole(change(all) as object));
}

/** An account number as what a call wrote is named. */
const nameOf = (day: Day, iban: string): string => day.log.keyed('written', `id|${iban.toLowerCase()}`);

const anybody = { arguments: { [tool]: { ...rule, iban: ['record', 'none'] } } };

/** The first payment goes to an account that nobody said, and says so. */
function fromNowhere(day: Day, written?: object): void {
  replaced('/iban', { origin: 'none', places: [] })(day);
  first(day).body['written'] = written ?? { unvouched: [nameOf(day, 'IBAN-4101')], vouched: [] };
}

const free = {
  arguments: {
    [tool]: { iban: anything, amount: anything, currency: anything, invoice_id: anything },
  },
};

/**
 * The first payment has a text that its user is said to have said, in words that are withheld; all else in it comes from
 * nowhere. Other payments rest on nothing that is withheld.
 */
function beside(day: Day, written?: object): void {
  const { body } = first(day);
  const before = opened(day, body['args']) as Args;
  const args = { a: { note: 'pay what came in' }, ...before };
  put(day, { body }, 'args', day.log.commit(args));
  body['action'] = day.log.keyed('action', hashOf(canonicalJson({ args, tool })));
  const opening = day.log.drafts.findIndex(({ kind }) => kind === 'case.opened');
  const note = { argument: '/a/note', origin: 'user' };
  const nowhere = Object.keys(before).map((name) => ({ argument: `/${name}`, origin: 'none', places: [] }));
  restate(day, () => [
    { ...note, places: [{ fact: opening, at: '', piece: [0, words.indexOf(':')], as: 'name' }] },
    ...nowhere,
  ]);
  for (const { kind, body: other } of day.log.drafts)
    if (kind === 'call.intended' && other['tool'] === tool) {
      other['written'] = { unvouched: namesOf(day, opened(day, other['args']) as Args), vouched: [] };
      if (other !== body) put(day, { body: other }, 'origins', day.log.commitWhole(nowhere));
    }
  if (written !== undefined) body['written'] = written;
  day.log.forget((day.log.drafts[opening] as Draft).body['words'] as string[]);
}

/** What a payment whose arguments have no origin writes, as the gate names it. */
const namesOf = (day: Day, { a: _, ...args }: Args): string[] =>
  (writtenIn(args) ?? []).flatMap(({ keys }) => keys.map((key) => day.log.keyed('written', key)));

const replaced = (argument: string, change: object) => (day: Day) =>
  restate(day, (all) => all.map((each) => (each['argument'] === argument ? { ...each, ...change } : each)));

const originDay = (change: Made, outcome: object = {}, more: Options = {}) =>
  withDay((day) => change(traced(day)), originOptions(outcome, more));

const notShown = of('guarded', 'violated', 'origin-not-shown');
const withheld = of('guarded', 'unproven', 'evidence-withheld');

export const originDays: readonly DayCase[] = [
  {
    name: 'arguments that nobody traced',
    day: withDay(() => {}, originOptions()),
    ...of('guarded', 'unproven', 'not-traced'),
  },
  {
    name: 'an account number that nobody said',
    day: originDay((day) => fromNowhere(day)),
    ...of('guarded', 'violated', 'origin-not-allowed'),
  },
  {
    name: 'an account number of the user, where only the record may say it',
    day: originDay((day) => {
      const { body } = first(day);
      const args = { ...(opened(day, body['args']) as object), iban: '4102' };
      put(day, { body }, 'args', day.log.commit(args));
      body['action'] = day.log.keyed('action', hashOf(canonicalJson({ args, tool })));
      const piece = [words.indexOf('4102'), words.indexOf('4102') + 4];
      const opening = day.log.drafts.findIndex(({ kind }) => kind === 'case.opened');
      replaced('/iban', { origin: 'user', places: [{ fact: opening, at: '', piece, as: 'number' }] })(day);
    }),
    ...of('guarded', 'violated', 'origin-not-allowed'),
  },
  {
    name: 'origins that are only observed',
    day: originDay(() => {}, { argumentsMode: 'observe' }),
    ...of('guarded', 'unproven', 'observed'),
    otherwise: 'proven',
  },
  {
    name: 'an account number that nobody said, and that was only observed',
    day: originDay((day) => fromNowhere(day), { argumentsMode: 'observe' }),
    ...of('guarded', 'unproven', 'observed'),
    otherwise: 'proven',
  },
  {
    name: 'an account number that is read back from where it was written from nowhere',
    day: originDay((day) => {
      first(day).body['written'] = { unvouched: [nameOf(day, 'IBAN-4102')], vouched: [] };
    }),
    ...notShown,
  },
  {
    name: 'an account number from nowhere that the call does not say it wrote',
    day: originDay((day) => fromNowhere(day, { unvouched: [], vouched: [] }), anybody),
    ...notShown,
  },
  {
    name: 'an account number that is said to have an origin again, and has none',
    day: originDay((day) => {
      const names = [nameOf(day, 'IBAN-4101')];
      fromNowhere(day, { unvouched: names, vouched: names });
    }, anybody),
    ...notShown,
  },
  {
    name: 'an account number from nowhere that the call does not say it wrote, beside a text that is withheld',
    day: originDay((day) => beside(day, { unvouched: [], vouched: [] }), free),
    ...notShown,
  },
  {
    name: 'a text that is withheld, of which the call says that it has an origin',
    day: originDay((day) => beside(day), free),
    ...withheld,
  },
  {
    name: 'an account number that is read back from where it was written from nowhere, in a log that withholds its salt',
    day: originDay((day) => {
      first(day).body['written'] = { unvouched: [nameOf(day, 'IBAN-4102')], vouched: [] };
      day.log.forget((day.log.drafts[0] as Draft).body['salt'] as string[]);
    }),
    ...withheld,
  },
  {
    name: 'an argument without a certificate',
    day: originDay((day) => restate(day, (all) => all.slice(0, -1))),
    ...notShown,
  },
  {
    name: 'certificates that nobody can read',
    day: originDay((day) => restate(day, () => ({}))),
    ...notShown,
  },
  {
    name: 'two certificates of one argument',
    day: originDay((day) => restate(day, (all) => [...all, ...all])),
    ...notShown,
  },
  {
    name: 'a certificate that names another field',
    day: originDay((day) => {
      const { read } = first(day);
      replaced('/iban', { places: [{ fact: read, at: '/invoice_id', as: 'id' }] })(day);
    }),
    ...notShown,
  },
  {
    name: 'a certificate that names a result of another case',
    day: originDay((day) => {
      const { read } = first(day);
      const { body } = day.log.drafts[read] as Draft;
      const other = { ...(day.log.drafts[read] as Draft), case: 'k2', stream: 'case/k2' };
      day.log.drafts.splice(read, 1, { ...other, body });
      shiftIntents(day);
    }),
    ...notShown,
  },
  {
    name: 'a certificate that names a result of a call that failed',
    day: originDay((day) => {
      const { read } = first(day);
      (day.log.drafts[read] as Draft).body['settlement'] = 'error';
    }),
    ...notShown,
  },
  {
    name: 'a certificate that names what a caller says of its own call',
    day: originDay((day) => {
      const { read } = first(day);
      (day.log.drafts[read] as Draft).body['by'] = 'caller';
    }),
    ...notShown,
  },
  {
    name: 'a certificate that names a later result',
    day: originDay((day) => {
      const later = day.log.drafts.findLastIndex(({ kind }) => kind === 'call.settled');
      replaced('/iban', { places: [{ fact: later, at: '/payment_id', as: 'id' }] })(day);
    }),
    ...notShown,
  },
  {
    name: 'a field that nobody vouches for',
    day: originDay(() => {}, {}, { results: { ...results, iban: { is: 'outsider-text' } } }),
    ...notShown,
  },
  {
    name: 'more arguments than can be traced',
    day: originDay(
      (day) => {
        const { body } = first(day);
        const args = { ...(opened(day, body['args']) as object), more: Array.from({ length: 300 }, String) };
        put(day, { body }, 'args', day.log.commitWhole(args));
        body['action'] = day.log.keyed('action', hashOf(canonicalJson({ args, tool })));
      },
      { arguments: { [tool]: { ...rule, more: anything } } },
    ),
    ...notShown,
  },
  {
    name: 'certificates that are withheld',
    day: originDay((day) => day.log.forget(first(day).body['origins'] as string[])),
    ...withheld,
  },
  {
    name: 'a result that an argument came from, withheld',
    day: originDay((day) => {
      const { read } = first(day);
      day.log.forget((day.log.drafts[read] as Draft).body['result'] as string[]);
    }),
    ...withheld,
  },
  {
    name: 'words that an argument came from, withheld',
    day: originDay((day) => {
      const opening = day.log.drafts.find(({ kind }) => kind === 'case.opened') as Draft;
      day.log.forget(opening.body['words'] as string[]);
    }),
    ...withheld,
  },
  {
    name: 'arguments that are withheld, and that had to come from somewhere',
    day: originDay((day) => withholdArgs(day, 'c-4101')),
    ...withheld,
  },
  {
    name: 'a field that was vouched for without the signature of the owner',
    day: withDay(
      (day) => {
        const label = { tool: 'erp.match_invoice', effect: 'read', results };
        day.impose('tool.labelled', 'tool/erp.match_invoice', label, at(9));
        const [fact] = day.log.drafts.splice(-1, 1);
        const looked = day.log.drafts.findIndex(({ kind }) => kind === 'call.settled');
        if (fact !== undefined) day.log.drafts.splice(looked, 0, fact);
        shiftIntents(day);
        traced(day);
      },
      originOptions({}, { results: {} }),
    ),
    ...notShown,
  },
];
