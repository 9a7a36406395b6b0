// One day of supplier payments as facts, for tests: declarations, payments, approvals, rows of the record.
// Each part can be made to go wrong.

import { type Approving, Changes } from './changed.fixture.ts';
import {
  at,
  dayEnd,
  dayStart,
  fourEyes,
  hashed,
  hourMs,
  matched,
  outcomeBody,
  paidOnceSql,
  who as people,
  permit,
  populationSql,
} from './declared.fixture.ts';
import type { Kind } from './facts.ts';
import {
  hashOf,
  type Key,
  LogMaker,
  makeKey,
  personKey,
  type Signer,
  salt,
  sha256,
  signedWith,
} from './log.fixture.ts';
import {
  canonicalJson,
  commitScalar,
  fromBase64url,
  leafHash,
  NOTE_COSIGNATURE,
  toBase64url,
  treeRoot,
  utf8,
} from './records/index.ts';
import { approvalText, minorUnits } from './rules/index.ts';
import { parseTrust, type Trust } from './verify.ts';

export * from './declared.fixture.ts';

export interface DayOptions {
  readonly clock?: 'system' | 'injected';
  readonly witness?: 'real' | 'simulated' | 'none';
  /** A second witness, and how many of the two the operator's own policy asks for. */
  readonly legal?: 'real' | 'simulated' | 'away';
  readonly quorum?: 'any' | 'all';
  readonly simulated?: readonly string[];
  /** Left out of the declarations. */
  readonly without?: readonly string[];
  readonly outcome?: object;
  readonly matched?: object;
  readonly fourEyes?: object;
  readonly rules?: readonly object[];
  accounts?: Readonly<Record<string, readonly string[]>>;
  readonly label?: object;
  readonly clerk?: object;
  readonly openedAt?: number;
  /** Whose word the fields of results are. */
  readonly results?: object;
}

export interface Paying {
  readonly call?: string;
  readonly at?: number;
  readonly iban?: string;
  /** How it settles; `open` not at all. */
  readonly how?: 'ok' | 'error' | 'none' | 'open';
  readonly by?: 'upstream' | 'record' | 'gateway';
  readonly match?: boolean;
  readonly row?: boolean;
  readonly case?: string;
  readonly user?: string | undefined;
  readonly agent?: string;
  readonly effect?: string;
  readonly intent?: boolean;
  readonly tool?: string;
}

export class DayLog {
  readonly log: LogMaker;
  readonly witness = makeKey('audit.example/witness', NOTE_COSIGNATURE);
  readonly legal = makeKey('legal.example/witness', NOTE_COSIGNATURE);
  readonly keys = Object.fromEntries(['tove', 'ines', 'sam', 'lena'].map((name) => [name, makeKey(name)]));
  readonly changes: Changes;
  readonly rows: Record<string, unknown>[] = [];
  readonly lateRows: Record<string, unknown>[] = [];
  readonly options: DayOptions;
  #payments = 0;

  constructor(options: DayOptions = {}, log = new LogMaker()) {
    this.options = options;
    this.log = log;
    this.changes = new Changes(log, this.keys);
    const openedAt = options.openedAt ?? at(8);
    log.open(openedAt, options.clock);
    this.#declare(openedAt);
  }

  get cosigners(): readonly Key[] {
    const { witness, legal = 'away' } = this.options;
    return [...(witness === 'none' ? [] : [this.witness]), ...(legal === 'away' ? [] : [this.legal])];
  }

  /** The file of an auditor who trusts the one witness. */
  get trustText(): string {
    const { log, statement } = this.log.first;
    return `log ${log.verifier}
#!surety statement ${statement.verifier}
witness audit ${this.witness.verifier}
quorum audit
`;
  }

  get trust(): Trust {
    return parseTrust(utf8(this.trustText));
  }

  /** The operator's own policy: so many of the two witnesses. */
  quorumText(least: string): string {
    return `witness auditor ${this.witness.verifier}
witness legal ${this.legal.verifier}
group seats ${least} auditor legal
quorum seats
`;
  }

  /** Two witnesses with seats, and the quorum over them. */
  #declareQuorum(least: string, time: number): void {
    const { name, verifier: key } = this.legal;
    const body = { witness: name, key, simulated: this.options.legal === 'simulated', seat: 'legal' };
    this.declare('witness.declared', `witness/${name}`, body, time);
    this.quorum(this.quorumText(least), time);
  }

  quorum(policy: string, time: number): number {
    return this.declare('quorum.declared', 'quorum/heads', { policy }, time);
  }

  /** What weakens is signed by the owners first. */
  declare(kind: Kind, stream: string, body: object, time = at(8)): number {
    const said = defined(body);
    this.changes.agree(kind, stream, said, time);
    return this.impose(kind, stream, said, time);
  }

  /** Asks nobody. */
  impose(kind: Kind, stream: string, body: object, time = at(15)): number {
    const position = this.log.write({ kind, stream, time, body: { ...body } });
    this.changes.wrote();
    return position;
  }

  enrol(person: string, functions: string[], keys: Signer[], time = at(8), more = {}): number {
    const simulated = this.options.simulated?.includes(person) === true;
    const own = { functions, keys: keys.map(personKey), simulated };
    const accounts = this.options.accounts?.[person];
    const body = defined({ person, name: this.log.commit(person), ...own, accounts, ...more });
    return this.declare('person.enrolled', `person/${person}`, body, time);
  }

  rule(rule: object, time = at(8)): number {
    const body = hashed(rule) as unknown as { outcome: string; rule: string };
    return this.declare('rule.activated', `rule/${body.outcome}/${body.rule}`, body, time);
  }

  outcome(changes: object = {}, time = at(8)): number {
    return this.declare(
      'outcome.declared',
      'outcome/supplier-payments',
      { ...outcomeBody, ...changes },
      time,
    );
  }

  withdraw(stream: string, time: number): number {
    return this.declare('declaration.withdrawn', `withdrawal/${stream}`, { stream }, time);
  }

  identity(identity: string, body: object = {}, time = at(8)): number {
    const budget = { amountMinor: 5_000_000, currency: 'USD', per: 'day' };
    const full = { identity, is: 'agent', owner: people.lena, budget, timeZone: 'UTC', ...body };
    const kept = Object.entries(full).filter(([, value]) => value !== undefined);
    return this.declare('identity.enrolled', `identity/${identity}`, Object.fromEntries(kept), time);
  }

  #declare(time: number): void {
    const { without = [], witness = 'real', outcome, matched: first, fourEyes: second } = this.options;
    const has = (name: string) => !without.includes(name);
    const reads = { tool: 'erp.*', effect: 'read', results: this.options.results };
    this.declare('tool.labelled', 'tool/erp.*', defined(reads), time);
    const money = { amount: 'args.amount', unit: 'major', currency: 'args.currency' };
    const label = { tool: 'erp.pay_invoice', effect: 'spend', money, ...this.options.label };
    this.declare('tool.labelled', 'tool/erp.pay_invoice', defined(label), time);
    const { tove, ines, sam, lena } = this.keys as Record<'tove' | 'ines' | 'sam' | 'lena', Key>;
    if (has(people.tove)) this.enrol(people.tove, ['treasury'], [tove], time);
    this.enrol(people.sam, ['finance', 'payables'], [sam], time);
    this.enrol(people.ines, ['finance'], [ines], time);
    this.enrol(people.lena, ['finance', 'it'], [lena], time);
    if (has(people.paul)) this.enrol(people.paul, ['payroll'], [], time);
    if (has('clerk') === true) this.identity('clerk', this.options.clerk, time);
    const policy = { policy: 'clerk-pays', hash: hashOf(canonicalJson(permit)), cedar: permit };
    if (has('policy')) this.declare('policy.activated', 'policy/clerk-pays', policy, time);
    this.declare(
      'record.declared',
      'record/erp',
      { record: 'erp', kind: 'sqlite', definition: hashOf('r') },
      time,
    );
    const { name, verifier: key } = this.witness;
    const body = { witness: name, key, simulated: witness === 'simulated' };
    if (witness !== 'none') this.declare('witness.declared', `witness/${name}`, body, time);
    if (this.options.quorum !== undefined) this.#declareQuorum(this.options.quorum, time);
    this.outcome(outcome, time);
    if (has('matched')) this.rule(defined({ ...matched, ...first }), time);
    if (has('four-eyes')) this.rule(defined({ ...fourEyes, ...second }), time);
    for (const each of this.options.rules ?? []) this.rule(each, time);
    this.log.write({
      ...{ kind: 'case.opened', stream: 'case/k1', time, case: 'k1', agent: 'clerk', user: people.sam },
      body: { application: 'desk', words: this.log.commit('pay what came in') },
    });
  }

  #audit(call: string, tool: string, effect: string, args: object) {
    const action = this.log.keyed('action', hashOf(canonicalJson({ tool, args })));
    return { call, tool, effect, action, screened: 'none', attestation: 'none' };
  }

  /** A settled three-way match. */
  match(invoice: string, time = at(9), result: object = { status: 'matched' }): number {
    const args = { invoice_id: invoice };
    const who = { case: 'k1', agent: 'clerk', user: people.sam };
    const body = {
      ...this.#audit(`m-${invoice}-${this.log.drafts.length}`, 'erp.match_invoice', 'read', args),
      args: this.log.commit(args),
      ...{ settlement: 'ok', by: 'upstream', result: this.log.commit(result) },
    };
    return this.log.write({ kind: 'call.settled', stream: 'case/k1', time, ...who, body });
  }

  /** A payment: intent, settlement and its row, unless said otherwise. Returns the intent's position. */
  pay(invoice: string, amount = '480.00', paying: Paying = {}): number {
    const { at: time = at(10), how = 'ok', by = 'upstream', iban = `IBAN-${invoice}` } = paying;
    const { call = `c-${invoice}`, tool = 'erp.pay_invoice', effect = 'spend', intent = true } = paying;
    const caseId = paying.case ?? 'k1';
    const user = 'user' in paying ? paying.user : people.sam;
    const who = { case: caseId, agent: paying.agent ?? 'clerk', user };
    if (paying.match !== false) this.match(invoice, time - 60_000);
    const args = { invoice_id: invoice, amount, currency: 'USD', iban };
    const audit = this.#audit(call, tool, effect, args);
    const stream = `case/${caseId}`;
    const position = intent
      ? this.log.write({
          ...{ kind: 'call.intended', stream, time, ...who },
          body: {
            ...audit,
            args: this.log.commit(args),
            ...{ policies: [], checkpoints: [], budgets: [], origins: 'not-traced' },
          },
        })
      : this.log.drafts.length;
    this.#payments += 1;
    const id = `P${this.#payments}`;
    if (how !== 'open') {
      const result = how === 'ok' ? this.log.commit({ payment_id: id }) : [];
      const about = intent ? { intent: position } : { args: this.log.commit(args) };
      const body = { ...audit, ...about, settlement: how, by, result };
      this.log.write({ kind: 'call.settled', stream, time: time + 1_000, ...who, body });
    }
    const row = { id, invoice_id: invoice, iban, amount, currency: 'USD', created_by: 'gateway' };
    if (paying.row ?? how === 'ok') this.rows.push(row);
    return position;
  }

  hold(invoice: string, amount: string, hold: string, time = at(10)): number {
    const args = { invoice_id: invoice, amount, currency: 'USD', iban: `IBAN-${invoice}` };
    const body = {
      ...this.#audit(`w-${invoice}`, 'erp.pay_invoice', 'spend', args),
      ...{ args: this.log.commit(args), hold, rule: this.hashOfRule('four-eyes') },
      ...{ approve: fourEyes.approve, expires: time + 24 * hourMs },
    };
    const who = { case: 'k1', agent: 'clerk', user: people.sam };
    return this.log.write({ kind: 'call.held', stream: `approval/${hold}`, time, ...who, body });
  }

  refuse(invoice: string, time = at(10), more: object = {}): number {
    const args = { invoice_id: invoice, amount: '1.00', currency: 'USD', iban: 'X', ...more };
    const body = {
      ...this.#audit(`r-${invoice}`, 'erp.pay_invoice', 'spend', args),
      ...{ args: this.log.commit(args), step: 'checkpoint', code: 'checkpoint' },
      cause: this.log.commit('no match'),
    };
    const who = { case: 'k1', agent: 'clerk', user: people.sam };
    return this.log.write({ kind: 'call.refused', stream: 'case/k1', time, ...who, body });
  }

  hashOfRule(rule: string): string {
    const found = this.log.drafts.findLast(
      (each) => each.kind === 'rule.activated' && each.body['rule'] === rule,
    );
    return String(found?.body['hash'] ?? hashOf('none'));
  }

  approve(invoice: string, amount: string, approving: Approving = {}): number {
    const { person = people.ines, as = 'finance', hold = `h-${invoice}` } = approving;
    const { key = this.keys['ines'] as Key, signer = key } = approving;
    const { amount: approved = amount } = approving;
    const args = { invoice_id: invoice, amount: approved, currency: 'USD', iban: `IBAN-${invoice}` };
    const user = 'user' in approving ? approving.user : people.sam;
    const statement = defined({
      action: hashOf(canonicalJson({ tool: 'erp.pay_invoice', args })),
      ...{ agent: 'clerk', user, case: 'k1' },
      rule: approving.rule ?? this.hashOfRule('four-eyes'),
      ...{ hold, expires: approving.expires ?? at(23), function: as, person },
      decision: approving.decision ?? 'approve',
    });
    const text = approvalText(statement as unknown as Parameters<typeof approvalText>[0]);
    const own = { hold, function: as, person, statement: this.log.commit(statement) };
    const body = { ...own, ...signedWith(key, signer, text) };
    return this.log.write({
      ...{ kind: 'approval.given', stream: `approval/${hold}`, time: approving.at ?? at(10) },
      body,
    });
  }

  /** A row that the record holds and no call made. */
  stray(row: object): void {
    const plain = {
      id: `S${this.rows.length}`,
      invoice_id: null,
      iban: 'X',
      amount: '99.00',
      currency: 'USD',
    };
    this.rows.push({ ...plain, created_by: 'm.keller', ...row });
  }

  extract(
    extract: string,
    query: string,
    rows: readonly object[],
    more: object = {},
    time = dayEnd + hourMs,
  ): number {
    const made = rows.map((row) => commitScalar(row, 'row', salt, sha256));
    const totals = this.log.commitWhole(this.#counts() ? totalsOf(rows) : {});
    const leaves = made.map(({ digest }) => leafHash(fromBase64url(digest), sha256));
    const body = {
      ...{ outcome: 'supplier-payments', extract, record: 'erp', query: hashOf(query) },
      ...{ from: dayStart, to: dayEnd, snapshot: hashOf('s'), columns: Object.keys(rows[0] ?? {}) },
      ...{ count: rows.length, totals, rowRoot: toBase64url(treeRoot(leaves, sha256)), answer: 'ok' },
      ...more,
    };
    const position = this.declare('record.extracted', 'record/supplier-payments', body, time);
    this.log.rows.set(
      position,
      made.map(({ disclosure }) => disclosure),
    );
    return position;
  }

  /** Only an outcome with a record says where the money stands. */
  #counts(): boolean {
    const outcome = this.log.drafts.findLast(({ kind }) => kind === 'outcome.declared');
    return outcome?.body['reconcile'] !== undefined;
  }

  /** Reads the record as the product does once the window has closed. */
  close(time = dayEnd + hourMs): this {
    this.extract('population', populationSql, this.rows, {}, time);
    this.extract('late', populationSql, this.lateRows, { from: dayEnd, to: dayEnd + hourMs }, time);
    const counts = new Map<string, number>();
    for (const { invoice_id: invoice } of this.rows)
      if (typeof invoice === 'string') counts.set(invoice, (counts.get(invoice) ?? 0) + 1);
    const paid = [...counts].map(([invoice_id, payments]) => ({ invoice_id, payments }));
    this.extract('paid-once', paidOnceSql, paid, {}, time);
    return this;
  }
}

const defined = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));

function totalsOf(rows: readonly { amount?: string; currency?: string }[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { amount = '', currency = '' } of rows)
    if (/^[\d.]+$/.test(amount))
      totals[currency] = (totals[currency] ?? 0) + minorUnits(amount, 'major', currency);
  return totals;
}
