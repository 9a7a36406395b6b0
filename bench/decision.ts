// What the gateway's decision costs without any I/O: `npm run bench decision [-- --quick --json]`.
// The features are fed with facts as a replay feeds them, then asked in the pipeline's own order:
// 20 policies, 100 rules of which 4 concern the tool, and a case of 200 earlier results of 10 kB.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Pins } from '@surety/proof/contracts';
import { byDigest, commit, keyed } from '@surety/proof/records';
import { Catalog } from '../packages/surety/src/catalog/catalog.ts';
import type { Call, Draft } from '../packages/surety/src/gateway/call.ts';
import { parseMessage } from '../packages/surety/src/gateway/mcp/wire.ts';
import { decidingSteps } from '../packages/surety/src/gateway/steps.ts';
import { salt, sha256 } from '../packages/surety/src/ledger/hash.ts';
import { actionId, Logic } from '../packages/surety/src/logic/logic.ts';
import { Origins } from '../packages/surety/src/origin/origins.ts';
import { People } from '../packages/surety/src/people/people.ts';
import {
  Budgets,
  Containments,
  credentialHash,
  Identities,
  newCredential,
  Permissions,
} from '../packages/surety/src/perimeter/index.ts';
import { agentName, declaredFacts, factOf, writeBusiness } from './rig/business.ts';
import { Disk, scratchFolder } from './rig/disk.ts';
import { asked, figure, publish, say } from './rig/report.ts';
import { percentile } from './rig/statistics.ts';

const options = asked(['calls']);
const calls = options.number('calls', options.quick ? 500 : 20_000);
const warmCalls = options.quick ? 200 : 2_000;
const results = 200;
const resultBytes = 10_000;
const bodyBytes = 2_000;
const at = Date.UTC(2026, 2, 2, 9);
const caseId = 'k-benchmark';

/** One is looked up by invoice, one by vendor, one must scan its whole case, one is not needed. */
const checkpoints = `  - id: matched
    before: erp.pay_invoice
    require: { call: erp.match_invoice, where: "prior.args.invoice_id == args.invoice_id && prior.result.status == 'matched' && prior.result.amount == args.amount" }
    within: 30d
    once: [args.invoice_id]
  - id: vendor-known
    before: erp.pay_invoice
    require: { call: erp.get_vendor, where: "prior.args.vendor_id == args.vendor_id && !prior.result.blocked", same: [case] }
    within: 30d
  - id: below-ceiling
    before: erp.pay_invoice
    require: { call: erp.get_vendor, where: "prior.result.ceiling >= money", same: [case] }
  - id: four-eyes
    before: erp.pay_invoice
    when: "money > 100000000"
    approve: { function: finance, count: 1, not: [requester, agent-owner] }
`;

const scratch = scratchFolder();
const disk = new Disk(scratch);

class House {
  readonly catalog = new Catalog();
  readonly people = new People();
  readonly identities = new Identities();
  readonly permissions = new Permissions();
  readonly budgets = new Budgets();
  readonly containments = new Containments({
    standing: () => new Map(),
    personOf: this.people.personOf,
  });
  /** No server here asks for one. */
  readonly contracts = { judge: () => undefined, pins: new Pins() };
  readonly origins = new Origins(Buffer.alloc(16, 7));
  readonly logic: Logic;
  #position = 0;

  constructor() {
    this.logic = new Logic(this.people, Buffer.alloc(16, 7));
  }

  apply(fact: ReturnType<typeof factOf>, disclosures: readonly string[] = []): void {
    for (const feature of [this.catalog, this.people, this.identities, this.permissions]) feature.apply(fact);
    const known = byDigest(disclosures, sha256);
    this.budgets.apply(fact, (digest) => known.get(digest));
    this.logic.apply(fact, (digest) => known.get(digest));
    this.origins.apply(fact, (digest) => known.get(digest));
    this.#position = fact.position + 1;
  }

  /** A read of the case that some rule may ask for: its arguments, and 10 kB of result. */
  settle(number: number, inCase: string): void {
    const invoice = number % 2 === 0;
    const args = commit(
      invoice ? { invoice_id: `INV-${number}` } : { vendor_id: `V-${number}` },
      salt,
      sha256,
    );
    const facts = invoice
      ? { status: 'matched', amount: '1840.50' }
      : // Only the oldest vendor of the case has a ceiling that is high enough.
        { blocked: false, ceiling: number === 1 ? 500_000 : 10 };
    const result = commit({ ...facts, text: 'x'.repeat(resultBytes) }, salt, sha256);
    const body = {
      call: `c-${inCase}-${number}`,
      tool: invoice ? 'erp.match_invoice' : 'erp.get_vendor',
      effect: 'read',
      action: '',
      screened: 'none',
      attestation: 'none',
      args: args.digests,
      settlement: 'ok',
      by: 'upstream',
      result: result.digests,
    };
    const stream = `case/${inCase}`;
    const fact = factOf(this.#position, { stream, kind: 'call.settled', body, at: at - 60_000 });
    const whose = { ...fact, case: inCase, agent: agentName(0), user: 'ann@bench.example' };
    this.apply(whose as typeof fact, [...args.disclosures, ...result.disclosures]);
  }
}

/** The body of a `tools/call` of 2 kB, about one of the case's invoices. */
function bodyOf(number: number): Buffer {
  const pair = 2 * (number % (results / 2));
  const args = {
    invoice_id: `INV-${pair}`,
    vendor_id: `V-${pair + 1}`,
    amount: '1840.50',
    currency: 'USD',
    lines: Array.from({ length: 8 }, (_, line) => ({ line, text: 'paper, a4', amount: '230.06' })),
    note: '',
  };
  const message = (note: string): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: number,
      method: 'tools/call',
      params: { name: 'pay_invoice', arguments: { ...args, note } },
    });
  return Buffer.from(message('n'.repeat(bodyBytes - message('').length)));
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

class Stopwatch {
  readonly stages = new Map<string, number[]>();
  #last = 0n;

  start(): void {
    this.#last = process.hrtime.bigint();
  }

  /** What has passed since the last mark belongs to this stage. */
  mark(stage: string): void {
    const now = process.hrtime.bigint();
    const tookUs = Number(now - this.#last) / 1000;
    const known = this.stages.get(stage);
    if (known === undefined) this.stages.set(stage, [tookUs]);
    else known.push(tookUs);
    this.#last = process.hrtime.bigint();
  }
}

function decideOne(house: House, body: Buffer, authorization: string, watch: Stopwatch): void {
  watch.start();
  const found = house.identities.identify(authorization, at);
  watch.mark('identify');
  if (found.is !== 'known') throw new Error('the agent is not known');
  const message = parseMessage(body, { depthMax: 64, bytesMax: 4 * 1024 * 1024 });
  watch.mark('parse');
  if (message.is !== 'request') throw new Error('the body is no request');
  const args = message.params['arguments'] as Record<string, unknown>;
  const tool = `erp.${message.params['name']}`;
  const action = actionId(tool, args);
  const call: Call = {
    id: 'c-benchmark',
    tool,
    args,
    identity: found.identity,
    case: caseId,
    user: 'ann@bench.example',
    action,
    about: `case/${caseId}`,
    keyedAction: keyed(Buffer.alloc(16, 7), 'action', action, sha256),
    decided: false,
    contract: undefined,
    commitments: commit(args, salt, sha256),
  };
  watch.mark('commit');
  let draft: Draft = { at };
  for (const step of decidingSteps(house)) {
    const answer = step.run(call, draft);
    if (answer.answer !== 'allow') throw new Error(`${step.name} answered ${JSON.stringify(answer)}`);
    draft = { ...draft, ...answer.adds };
    watch.mark(step.name);
  }
}

function enrol(house: House): string {
  const credential = newCredential();
  const body = { identity: agentName(0), hash: credentialHash(credential), expires: at + 1e9 };
  house.apply(factOf(0, { stream: 'credentials/x', kind: 'credential.issued', body, at }));
  return `Bearer ${credential}`;
}

async function main(): Promise<void> {
  const config = await writeBusiness(scratch, {
    agents: 1,
    otherRules: 96,
    otherPolicies: 19,
    checkpoints,
    servers: '  erp: { stdio: ["true"], pins: observe }',
  });
  const house = new House();
  for (const fact of declaredFacts(config, at)) house.apply(fact);
  const authorization = enrol(house);
  for (let number = 0; number < results; number++) house.settle(number, caseId);
  const extraCases = options.quick ? 2 : 10;
  const before = heapBytes();
  for (let extra = 0; extra < extraCases; extra++)
    for (let number = 0; number < results; number++) house.settle(number, `k-${extra}`);
  const caseBytes = (heapBytes() - before) / extraCases;
  const bodies = Array.from({ length: results / 2 }, (_, number) => bodyOf(number));
  const watch = new Stopwatch();
  say(`decision: ${warmCalls} calls to warm up, ${calls} measured`);
  const totals: number[] = [];
  const plainUs: number[] = [];
  let cpu = process.cpuUsage();
  for (let number = -warmCalls; number < calls; number++) {
    const body = bodies[Math.abs(number) % bodies.length] as Buffer;
    if (number === 0) watch.stages.clear();
    if (number === 0) cpu = process.cpuUsage();
    const from = process.hrtime.bigint();
    decideOne(house, body, authorization, watch);
    if (number >= 0) totals.push(Number(process.hrtime.bigint() - from) / 1000);
  }
  const { user, system } = process.cpuUsage(cpu);
  for (const body of bodies) {
    disk.sync();
    const from = process.hrtime.bigint();
    JSON.parse(body.toString());
    plainUs.push(Number(process.hrtime.bigint() - from) / 1000);
  }
  const both = (name: string, text: string, values: readonly number[], targets: readonly string[] = []) => [
    figure(`${name}-p50-us`, percentile(values, 0.5), `${text}, median`, targets[0]),
    figure(`${name}-p99-us`, percentile(values, 0.99), '  p99', targets[1]),
  ];
  publish(
    {
      bench: 'decision',
      ran: ['identify', 'parse', 'contain', 'label', 'permit', 'once-at-a-time', 'checkpoint', 'budget'],
      conditions: [
        `a call of 2 kB; ${countOf(config, 'policy.activated')} policies, ${countOf(config, 'rule.activated')} rules of which 4 concern the tool`,
        `a case of ${results} earlier results of 10 kB, ${extraCases} such cases beside it; no I/O, ${calls} calls`,
        '`commit` is the action id and the salted commitments of every argument, which the intent will hold',
      ],
      sections: [
        {
          title: 'in all',
          figures: [
            ...both('decision', 'the decision', totals, ['<= 150 us', '<= 1,000 us']),
            figure('decision-cpu-us', (user + system) / calls, 'CPU, garbage collection included'),
          ],
        },
        {
          title: 'by stage',
          figures: [...watch.stages].flatMap(([stage, values]) => both(stage, stage, values)),
        },
        {
          title: 'for comparison',
          figures: [
            ...both('plain-json-parse', 'JSON.parse of the same body, nothing checked', plainUs),
            figure('case-memory-mb', caseBytes / 1024 ** 2, 'heap that one such case holds'),
          ],
        },
      ],
    },
    disk,
    scratch,
    options.json,
  );
}

const countOf = ({ declarations }: { declarations: readonly { kind: string }[] }, kind: string): number =>
  declarations.filter((each) => each.kind === kind).length;

await main();
