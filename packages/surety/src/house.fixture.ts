// For tests: a real house on a temporary folder. Its configuration goes through `loadConfig`, its log is the
// real store, its sealer a real process, its record system a real SQLite file. Only the upstream server is
// a function, so that a test can choose every answer. The clock is an injected one that the test moves.

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type ApprovalStatement,
  type Fact,
  isKind,
  type Kind,
  parseFact,
  type UnknownFact,
} from '@surety/proof/facts';
import {
  type Algorithm,
  byDigest,
  concat,
  onlyFormOf,
  openCommitments,
  toBase64,
} from '@surety/proof/records';
import { approvalText } from '@surety/proof/rules';
import type { ReasonCode } from '@surety/proof/verdict';
import { verify } from '@surety/proof/verify';
import { type Config, loadConfig, renderProblems } from './config/index.ts';
import type { Governed, ToolReply, UpstreamReply } from './gateway/mcp/index.ts';
import { type House, openHouse } from './house.ts';
import { sha256 } from './ledger/hash.ts';
import { actionId } from './logic/logic.ts';

export const hourMs = 3_600_000;
const startAt = Date.parse('2026-03-02T09:00:00Z');

export interface Person {
  readonly id: string;
  readonly alg: Algorithm;
  readonly key: KeyObject;
  readonly keyId: string;
  /** As it stands in surety.yaml. */
  readonly line: string;
}

function person(id: string, alg: Algorithm = 'ed25519'): Person {
  const { privateKey, publicKey } =
    alg === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const halves = [x, y].map((each) => Buffer.from(each, 'base64url'));
  const raw = Buffer.concat(alg === 'p256' ? [Buffer.of(4), ...halves] : halves);
  const keyId = createHash('sha256').update(raw).digest('base64url');
  return { id, alg, key: privateKey, keyId, line: `${alg}:${raw.toString('base64')}` };
}

/** This person's signature in base64, in the one form that is accepted. */
export function signed({ alg, key }: Person, text: string): string {
  const made = sign(alg === 'p256' ? 'sha256' : null, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return toBase64(onlyFormOf(alg, made));
}

export const people = {
  /** Owns the outcome; without a key unless a test gives her one. */
  tove: person('tove@acme.example'),
  /** Finance: may approve, and signs as passkeys do. */
  ines: person('ines@acme.example', 'p256'),
  /** Finance, and the user that agents act for: the requester. */
  sam: person('sam@acme.example'),
  /** Finance, and the owner of the agents. */
  lena: person('lena@acme.example'),
  /** Legal: not asked. */
  paul: person('paul@acme.example'),
  /** Data protection: may erase. */
  dora: person('dora@acme.example'),
};

const surety = `
origin: acme.example/test
store: store
time-zone: UTC
servers: { erp: { stdio: [node, erp.js], pins: observe } }
tools:
  erp.match: { effect: read }
  erp.look: { effect: read }
  erp.pay: { effect: spend, money: { amount: args.amount, unit: major, currency: args.currency } }
  erp.gift: { effect: spend, money: { amount: args.amount, unit: major, currency: args.currency } }
  erp.tip: { effect: spend, money: { amount: args.amount, unit: major, currency: args.currency } }
  erp.note: { effect: write }
  erp.wipe: { effect: delete }
records: { erp: { sqlite: books.db, money: { amount: amount, unit: major, currency: currency } } }
people:
  - { id: tove@acme.example, name: Tove Canaryname }
  - { id: ines@acme.example, name: Ines Canaryname, functions: [finance], keys: ["${people.ines.line}"] }
  - { id: sam@acme.example, name: Sam Canaryname, functions: [finance], keys: ["${people.sam.line}"] }
  - { id: lena@acme.example, name: Lena Canaryname, functions: [finance], keys: ["${people.lena.line}"] }
  - { id: paul@acme.example, functions: [legal], keys: ["${people.paul.line}"] }
  - { id: dora@acme.example, functions: [data-protection], keys: ["${people.dora.line}"] }
agents:
  buyer: { owner: lena@acme.example, budget: { amount: 1000000, currency: USD, per: day } }
  second: { owner: lena@acme.example, budget: { amount: 1000000, currency: USD, per: day } }
  saver: { owner: lena@acme.example, budget: { amount: "70.00", currency: USD, per: day } }
  stranger: { owner: lena@acme.example }
applications: { desk: { owner: lena@acme.example } }
`;

const outcome = `
outcome: payments
statement: No supplier is paid without a match and, above 10,000, a second pair of eyes.
owner: tove@acme.example
appetite: { amount: 5000000, currency: USD, per: day }
checkpoints:
  - id: matched
    before: erp.pay
    require:
      call: erp.match
      where: "prior.args.invoice == args.invoice && prior.result.status == 'matched'"
    within: 30d
    once: [args.invoice]
  - id: four-eyes
    before: erp.pay
    when: "money > 1000000"
    approve: { function: finance, count: 1, not: [requester, agent-owner] }
  - id: two-of-finance
    before: erp.gift
    when: "money > 500000"
    approve: { function: finance, count: 2, not: [agent-owner] }
reconcile:
  record: erp
  population: >-
    SELECT id, invoice, amount, currency, created_by FROM payments
    WHERE created_at >= :from AND created_at < :to ORDER BY id
  effects: { call: erp.pay, key: { id: result.payment_id }, match: { invoice: args.invoice, amount: money } }
  within: 1h
invariants:
  - id: paid-once
    extract: "SELECT invoice, count(*) AS paid FROM payments GROUP BY invoice ORDER BY invoice"
    each: "row.paid <= 1"
`;

const permitted = ['buyer', 'second', 'saver']
  .map(
    (agent) =>
      `@id("${agent}")\npermit (principal == Agent::"${agent}", action, resource in Server::"erp");\n`,
  )
  .join('');
const policies = `${permitted}
@id("nobody-wipes")
forbid (principal, action == Action::"erp.wipe", resource);
`;

export const files = {
  'surety.yaml': surety,
  'outcomes/payments.yaml': outcome,
  'policies/agents.cedar': policies,
} as const;

const booksSchema = `CREATE TABLE payments (
  id TEXT PRIMARY KEY, invoice TEXT, amount TEXT NOT NULL, currency TEXT NOT NULL,
  created_by TEXT NOT NULL, created_at TEXT NOT NULL) STRICT`;

export type Answer = (
  tool: string,
  args: Readonly<Record<string, unknown>>,
  governed?: Governed,
) => UpstreamReply | Promise<UpstreamReply>;

export const result = (value: Readonly<Record<string, unknown>>): UpstreamReply => {
  const whole = { content: [], structuredContent: value };
  return { is: 'result', text: JSON.stringify(whole), value: whole };
};

export interface CallOptions {
  readonly agent?: string;
  readonly case?: string;
  readonly answer?: Answer;
}

export class TestHouse {
  readonly folder: string;
  house: House;
  /** What the house said to people. */
  readonly notes: string[];
  /** Every call that reached the upstream. */
  readonly sent: { readonly tool: string; readonly args: Readonly<Record<string, unknown>> }[] = [];

  /** Of the facts read so far, those that hold a call, by the name of the hold. */
  readonly #held = new Map<string, Fact<'call.held'>>();
  #read = 0;

  private constructor(folder: string, house: House, notes: string[]) {
    this.folder = folder;
    this.house = house;
    this.notes = notes;
  }

  /** With `changed` files, and after `prepare` has done what it wants in the folder. */
  static async open(
    changed: Readonly<Record<string, string>> = {},
    prepare: (folder: string) => void = () => {},
  ): Promise<TestHouse> {
    const folder = mkdtempSync(join(tmpdir(), 'surety-house-'));
    for (const [file, text] of Object.entries({ ...files, ...changed })) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    setClock(folder, startAt);
    const books = new DatabaseSync(join(folder, 'books.db'));
    books.exec(booksSchema);
    books.close();
    prepare(folder);
    const notes: string[] = [];
    return new TestHouse(folder, await openIn(folder, notes), notes);
  }

  /** Closes the house, and opens it again on the same folder, after something else had it. */
  async restart(between: () => Promise<void> = async () => {}): Promise<void> {
    await this.house.close();
    await between();
    this.house = await openIn(this.folder, this.notes);
  }

  /** Writes these files, and has the running house read them. */
  async reload(changed: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, text] of Object.entries(changed)) writeFileSync(join(this.folder, file), text);
    await this.house.reload(await configIn(this.folder));
  }

  async close(): Promise<void> {
    await this.house.close();
    rmSync(this.folder, { recursive: true });
  }

  get log(): House['log'] {
    return this.house.log;
  }

  now(): number {
    const { at, real } = JSON.parse(readFileSync(join(this.folder, 'clock.json'), 'utf8')) as {
      at: number;
      real: number;
    };
    return at + (Date.now() - real);
  }

  /** Moves the clock of everything. */
  advance(ms: number): void {
    setClock(this.folder, this.now() + ms);
  }

  call(tool: string, args: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<ToolReply> {
    const { agent = 'buyer', answer = this.answer } = options;
    return this.house.gateway.call(
      { agent },
      {
        tool,
        args,
        ...(options.case === undefined ? {} : { case: options.case }),
        forward: async (governed) => {
          this.sent.push({ tool, args });
          return answer(tool, args, governed);
        },
      },
    );
  }

  /** The server unless a test says otherwise: matches every invoice, and writes payments into the books. */
  readonly answer: Answer = (tool, args) => {
    if (tool === 'erp.match') return result({ invoice: args.invoice, status: 'matched' });
    if (tool !== 'erp.pay') return result({ done: true });
    return result({ payment_id: this.row(args) });
  };

  match(invoice: string, options: CallOptions = {}): Promise<ToolReply> {
    return this.call('erp.match', { invoice }, options);
  }

  pay(invoice: string, amount: unknown, options: CallOptions = {}): Promise<ToolReply> {
    return this.call('erp.pay', { invoice, amount, currency: 'USD' }, options);
  }

  /** Writes a payment into the books, as of `atMs`, and gives its id. */
  row(args: Readonly<Record<string, unknown>>, createdBy = 'gateway', atMs = this.now()): string {
    const books = new DatabaseSync(join(this.folder, 'books.db'), { timeout: 5_000 });
    const { next } = books.prepare('SELECT count(*) + 1 AS next FROM payments').get() as { next: number };
    const id = `PAY-${next}`;
    const amount = Number(args.amount).toFixed(2);
    const written = [id, String(args.invoice), amount, String(args.currency), createdBy];
    books
      .prepare('INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)')
      .run(...written, new Date(atMs).toISOString());
    books.close();
    return id;
  }

  /** How often the upstream got this tool with this invoice. */
  sentFor(tool: string, invoice: string): number {
    return this.sent.filter((each) => each.tool === tool && each.args.invoice === invoice).length;
  }

  openCase(agent = 'buyer', user = people.sam.id, words = 'Please pay.'): Promise<string> {
    return this.house.openCase('desk', { agent, user, words });
  }

  /** Every fact, after what is queued has become durable. */
  async facts(): Promise<readonly (Fact | UnknownFact)[]> {
    await this.log.flushed();
    return this.log.read(0, this.log.size()).map(({ bytes, position }) => parseFact(bytes, position));
  }

  async factsOf<K extends Kind>(kind: K): Promise<readonly Extract<Fact, { readonly kind: K }>[]> {
    return (await this.facts()).filter((fact) => isKind(fact, kind)) as Extract<Fact, { readonly kind: K }>[];
  }

  /** The value behind the commitments of one fact. */
  opened({ position }: { readonly position: number }, digests: readonly string[]): unknown {
    const disclosures = this.log.disclosures(position, position + 1).map(([, disclosure]) => disclosure);
    const known = byDigest(disclosures, sha256);
    return openCommitments(digests, (digest) => known.get(digest)).value;
  }

  /** Why the newest refusal was made, as people are told: `code: cause`. */
  async whyRefused(): Promise<string> {
    const refused = (await this.factsOf('call.refused')).at(-1);
    if (refused === undefined) return 'nothing was refused';
    return `${refused.body.code}: ${this.opened(refused, refused.body.cause)}`;
  }

  /** Gives the verdict for a day, exports its proof and has it verified: the checks that failed, and the reasons. */
  async verified(at: number): Promise<{ verdict: string; failed: string[]; reasons: ReasonCode[] }> {
    const parts: Uint8Array[] = [];
    await this.house.prove('payments', at, (bytes) => void parts.push(bytes));
    const { verdict, checks, judgement } = await verify(concat(...parts), { sha256 });
    const failed = checks.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`);
    const reasons = judgement?.questions.flatMap((each) => each.reasons.map(({ code }) => code)) ?? [];
    return { verdict, failed, reasons };
  }

  /** What this person would sign for a hold. */
  statementFor(hold: string, { id }: Person): ApprovalStatement {
    for (const { bytes, position } of this.log.read(this.#read, this.log.size() - this.#read)) {
      const fact = parseFact(bytes, position);
      if (isKind(fact, 'call.held')) this.#held.set(fact.body.hold, fact);
      this.#read = position + 1;
    }
    const held = this.#held.get(hold);
    if (held === undefined) throw new Error(`there is no hold ${hold}`);
    const { body, agent = '', user, case: of = '' } = held;
    return {
      action: actionId(body.tool, this.opened(held, body.args)),
      agent,
      ...(user === undefined ? {} : { user }),
      case: of,
      rule: body.rule,
      hold,
      expires: body.expires,
      function: body.approve.function,
      person: id,
      decision: 'approve',
    };
  }

  /** Signs and hands in an answer to a hold, with `changed` in what is signed. */
  answerHold(hold: string, who: Person, changed: Partial<ApprovalStatement> = {}, signer = who) {
    const statement = { ...this.statementFor(hold, who), ...changed };
    const signature = signed(signer, approvalText(statement));
    return this.house.answer({ statement, key: who.keyId, signature });
  }
}

function setClock(folder: string, at: number): void {
  const file = join(folder, 'clock.json');
  writeFileSync(`${file}.new`, JSON.stringify({ at, real: Date.now() }));
  renameSync(`${file}.new`, file);
}

async function configIn(folder: string): Promise<Config> {
  const loaded = await loadConfig(folder, {});
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems, false));
  return loaded.config;
}

async function openIn(folder: string, notes: string[]): Promise<House> {
  return openHouse(await configIn(folder), {
    program: 'gateway',
    env: { SURETY_CLOCK: join(folder, 'clock.json') },
    onNote: (_, note) => notes.push(note),
  });
}

/** The reference in a message to the agent: of a hold (`h-`) or a call (`c-`). */
export const referenceIn = (reply: ToolReply): string =>
  (reply.is === 'upstream' ? undefined : /\b[ch]-[\w-]{12}/.exec(reply.message)?.[0]) ?? '';

/** What the agent was told, without the reference: must not depend on the reason. */
export const told = (reply: ToolReply): string =>
  reply.is === 'upstream'
    ? reply.reply.is
    : `${reply.is}: ${reply.message.replace(/\b[ch]-[\w-]{12}/, '<ref>')}`;
