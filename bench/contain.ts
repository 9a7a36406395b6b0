// How long it takes from an order to contain until nothing in its scope leaves: `npm run bench contain [-- --orders 500]`.
// A whole house in this process, its ledger on disk; the upstream answers at once. Beside nothing, and beside agents that
// call as fast as they can. That nothing is forwarded after an order is given is not measured: it fails if one is.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import type { OrderStatement } from '@surety/proof/facts';
import { orderText } from '../packages/surety/src/governance/index.ts';
import { type House, openHouse } from '../packages/surety/src/house.ts';
import { agentName, writeBusiness } from './rig/business.ts';
import { Disk, scratchFolder } from './rig/disk.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';
import { percentile } from './rig/statistics.ts';

const options = asked(['orders']);
const orders = options.number('orders', options.quick ? 10 : 500);
const agents = 16;
const owner = 'owner@bench.example';

interface Signer {
  readonly id: string;
  readonly line: string;
  readonly key: KeyObject;
}

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const id = createHash('sha256').update(raw).digest('base64url');
  return { id, line: `ed25519:${raw.toString('base64')}`, key: privateKey };
}

const signer = newSigner();
const scratch = scratchFolder();
const disk = new Disk(scratch);

function order(house: House, wanted: Pick<OrderStatement, 'does' | 'scope' | 'lifts'>) {
  const statement: OrderStatement = {
    order: `o-${randomBytes(9).toString('base64url')}`,
    ...{ log: house.log.origin, reason: 'A benchmark.', function: 'it', person: owner, at: Date.now() },
    ...wanted,
  };
  const signature = sign(null, Buffer.from(orderText(statement)), signer.key).toString('base64');
  return house.order({ statement, key: signer.id, signature });
}

/** When the newest call left, and the first refusal since somebody asked for one. */
class Traffic {
  readonly #house: House;
  readonly #loops: Promise<void>[] = [];
  #isOver = false;
  #count = 0;
  #refused = Promise.withResolvers<number>();
  forwarded = 0;

  constructor(house: House) {
    this.#house = house;
  }

  start(loops: number): void {
    for (let nth = 0; nth < loops; nth += 1) this.#loops.push(this.#loop(agentName(nth)));
  }

  async #loop(agent: string): Promise<void> {
    while (!this.#isOver) {
      const refused = await this.call(agent);
      // As an agent would: not in a turn of its own that lets nothing else run.
      if (refused) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** True if it was refused. */
  async call(agent: string): Promise<boolean> {
    this.#count += 1;
    const reply = await this.#house.gateway.call(
      { agent },
      {
        tool: 'erp.pay_invoice',
        args: { invoice_id: `INV-${this.#count}`, amount: '1.00', currency: 'USD' },
        forward: async () => {
          this.forwarded += 1;
          const value = { content: [] };
          return { is: 'result', text: JSON.stringify(value), value };
        },
      },
    );
    if (reply.is === 'refused') this.#refused.resolve(performance.now());
    return reply.is === 'refused';
  }

  /** When the next refusal is answered. */
  refusal(): Promise<number> {
    this.#refused = Promise.withResolvers();
    return this.#refused.promise;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }
}

interface Measured {
  readonly refusedMs: number[];
  readonly durableMs: number[];
}

/** Milliseconds from each order until an agent that it stops was told so, and until the order was answered. */
async function measure(house: House, loops: number): Promise<Measured> {
  const measured: Measured = { refusedMs: [], durableMs: [] };
  const traffic = new Traffic(house);
  traffic.start(loops);
  for (let round = 0; round < orders; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const refusal = traffic.refusal();
    const from = performance.now();
    const ordered = order(house, { does: 'contain', scope: { is: 'server', name: 'erp' } });
    const { forwarded } = traffic;
    const own = loops === 0 ? traffic.call(agentName(0)) : undefined;
    const { order: made } = await ordered;
    measured.durableMs.push(performance.now() - from);
    measured.refusedMs.push((await refusal) - from);
    await own;
    if (traffic.forwarded !== forwarded)
      throw new Error(`${traffic.forwarded - forwarded} calls were forwarded after the order was given`);
    await order(house, { does: 'lift-containment', lifts: made });
    disk.syncs(1);
  }
  await traffic.stop();
  return measured;
}

async function drills(house: House): Promise<{ refusedUs: number[]; durableUs: number[] }> {
  const [refusedUs, durableUs]: [number[], number[]] = [[], []];
  for (let round = 0; round < orders; round += 1) {
    const answer = await order(house, { does: 'drill-containment' });
    if (answer.did !== 'drill-containment' || answer.answer !== 'enforced') throw new Error('not enforced');
    refusedUs.push(answer.refusedUs);
    durableUs.push(answer.durableUs);
  }
  return { refusedUs, durableUs };
}

const spread = (name: string, text: string, unit: 'ms' | 'us', values: readonly number[], target?: string) =>
  [
    figure(`${name}-p50-${unit}`, percentile(values, 0.5), `${text}, median`),
    figure(`${name}-p99-${unit}`, percentile(values, 0.99), `${text}, p99`, target),
  ] satisfies Figure[];

async function main(): Promise<void> {
  const config = await writeBusiness(join(scratch, 'house'), {
    ...{ agents, otherRules: 0, otherPolicies: 0, ownerKey: signer.line },
    servers: '  erp: { stdio: [node, erp.js], pins: observe }',
    checkpoints: '  - { id: any, before: erp.tool_1, when: "false", require: { call: erp.match_invoice } }\n',
    installation: 'containment: { order: [it], lift: [it] }\n',
  });
  const house = await openHouse(config, { program: 'gateway', env: process.env, onNote: () => {} });
  try {
    say(`contain: ${orders} orders beside nothing, ${orders} beside ${agents} agents, ${orders} drills`);
    const idle = await measure(house, 0);
    const busy = await measure(house, agents);
    const drilled = await drills(house);
    publish(
      {
        bench: 'contain',
        ran: [
          ...(['contain', 'label', 'permit', 'once-at-a-time', 'checkpoint', 'budget'] as const),
          ...(['record intent', 'forward', 'settle'] as const),
        ],
        conditions: [
          `${orders} orders each on one server, signed, in the process of the gateway, its ledger on disk; each is lifted again`,
          'refused: from the order to the first refusal that an agent hears, its fact durable; durable: until the order is answered',
        ],
        sections: [
          {
            title: 'beside nothing',
            figures: [
              ...spread('idle-refused', 'refused', 'ms', idle.refusedMs, '< 10'),
              ...spread('idle-durable', 'durable', 'ms', idle.durableMs),
            ],
          },
          {
            title: `beside ${agents} agents that pay as fast as they can`,
            figures: [
              ...spread('busy-refused', 'refused', 'ms', busy.refusedMs, '< 10'),
              ...spread('busy-durable', 'durable', 'ms', busy.durableMs),
            ],
          },
          {
            title: 'drills, as their facts say it',
            figures: [
              ...spread('drill-refused', 'refused', 'us', drilled.refusedUs),
              ...spread('drill-durable', 'durable', 'us', drilled.durableUs),
            ],
          },
        ],
      },
      disk,
      scratch,
      options.json,
    );
  } finally {
    await house.close();
  }
}

await main();
