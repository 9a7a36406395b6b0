// Days on which a call left under a contract that nobody approved, or somebody who may not, or not any more.

import { contractText } from '../contracts/index.ts';
import { type Key, personKey } from '../log.fixture.ts';
import { toBase64, utf8 } from '../records/index.ts';
import { at, Day, type DayOptions, hashOf, hourMs, makeKey, who } from '../verify.fixture.ts';
import { type DayCase, type Made, nothing, of } from './cases.fixture.ts';

const tool = 'erp.pay_invoice';
const contract = hashOf('the contract');
const other = hashOf('another contract');

interface Approving {
  readonly person?: 'tove' | 'ines';
  readonly as?: string;
  readonly at?: number;
  /** What is signed, and what the fact then says. */
  readonly signed?: object;
  readonly said?: object;
  readonly signer?: Key;
  readonly named?: Key;
  readonly kind?: 'contract.approved' | 'contract.revoked';
}

/** Tove approves contracts, in the function `treasury`. */
function approve(day: Day, approving: Approving = {}): void {
  const { person = 'tove', as = 'treasury', kind = 'contract.approved' } = approving;
  const own = day.keys[person];
  if (own === undefined) throw new Error(`${person} has no key here`);
  const { at: time = at(8, 30), signer = own, named = own } = approving;
  const said = {
    ...{ contracts: [{ tool, contract }], function: as, person: who[person], at: time },
    ...approving.said,
  };
  const does = kind === 'contract.approved' ? 'approve-contracts' : 'revoke-contracts';
  const statement = { does, log: day.log.origin, ...said, ...approving.signed } as const;
  const signature = toBase64(signer.sign(utf8(contractText(statement))));
  const body = { ...said, key: personKey(named).id, signature };
  day.log.write({ kind, stream: 'contracts/approvals', time, body });
}

interface Paying {
  readonly pins?: 'required' | 'observe';
  /** The contract that calls say they were made under. */
  readonly under?: string | undefined;
  readonly functions?: readonly string[];
  readonly options?: DayOptions;
}

/** A day whose server asks for contracts; two payments, the second at noon. */
const paidAfter =
  (approving: Made, paying: Paying = {}): (() => Day) =>
  () => {
    const { pins = 'required', functions = ['treasury'], options = {} } = paying;
    const day = new Day(options);
    const server = { server: 'erp', transport: 'stdio', definition: hashOf('erp'), pins };
    day.declare('server.declared', 'server/erp', server);
    day.declare('contracts.declared', 'contracts/functions', { approve: functions });
    approving(day);
    day.pay('4101', '480.50', { at: at(11) });
    day.pay('4102', '481.50', { at: at(12) });
    const under = 'under' in paying ? paying.under : contract;
    for (const { kind, body } of day.log.drafts)
      if (kind === 'call.intended' && under !== undefined) body['contract'] = under;
    return day.close();
  };

const unapproved = of('guarded', 'unproven', 'contract-unapproved');
const left = (name: string, approving: Made, paying: Paying = {}): DayCase => ({
  name: `a call under a contract ${name}`,
  day: paidAfter(approving, paying),
  ...unapproved,
});

/** Days on which everything is as it should be, one step away from those below. */
export const pinnedDays: readonly { readonly name: string; readonly day: () => Day }[] = [
  { name: 'approved before', day: paidAfter((day) => approve(day)) },
  {
    name: 'approved again after it was revoked',
    day: paidAfter((day) => {
      approve(day);
      approve(day, { kind: 'contract.revoked', at: at(9) });
      approve(day, { at: at(9) + 1 });
    }),
  },
  {
    name: 'approved, while another one was revoked',
    day: paidAfter((day) => {
      approve(day);
      approve(day, { kind: 'contract.revoked', at: at(9), said: { contracts: [{ tool, contract: other }] } });
    }),
  },
];

export const contractDays: readonly DayCase[] = [
  left('that nobody approved', nothing),
  left('that nobody can tell', (day) => approve(day), { under: undefined }),
  left('that is not the approved one', (day) => approve(day), { under: other }),
  left('of another tool', (day) => approve(day, { said: { contracts: [{ tool: 'erp.other', contract }] } })),
  left('in whose place another was approved', (day) => {
    approve(day);
    approve(day, { at: at(9), said: { contracts: [{ tool, contract: other }] } });
  }),
  left('that was revoked', (day) => {
    approve(day);
    approve(day, { kind: 'contract.revoked', at: at(9) });
  }),
  left('that was revoked, with the approval of before shown again', (day) => {
    approve(day);
    approve(day, { kind: 'contract.revoked', at: at(9) });
    approve(day);
  }),
  left('in whose place another was approved, with the approval of before shown again', (day) => {
    approve(day);
    approve(day, { at: at(9), said: { contracts: [{ tool, contract: other }] } });
    approve(day);
  }),
  left('approved by somebody who may not', (day) => approve(day, { person: 'ines', as: 'finance' })),
  left('approved in a function that its person does not act for', (day) => approve(day, { person: 'ines' })),
  left('approved by nobody with a key', (day) => approve(day, { said: { person: 'nobody@acme.example' } })),
  left('approved under a signature of somebody else', (day) => {
    const { ines } = day.keys;
    if (ines) approve(day, { signer: ines });
  }),
  left('approved with a key that is not its person’s', (day) => {
    const stranger = makeKey('stranger');
    approve(day, { signer: stranger, named: stranger });
  }),
  left('approved with a key that two people have', (day) => {
    const { ines, tove } = day.keys;
    if (ines && tove) day.enrol(who.ines, ['finance'], [ines, tove], at(8) + 1);
    approve(day);
  }),
  ...(['does', 'log', 'contracts', 'function', 'person', 'at'] as const).map((member) =>
    left(`approved by a signature over another \`${member}\``, (day) => {
      const instead = {
        ...{ does: 'revoke-contracts', log: 'other.example/log', contracts: [{ tool, contract: other }] },
        ...{ function: 'finance', person: who.ines, at: at(8) + hourMs },
      };
      approve(day, { signed: { [member]: instead[member] } });
    }),
  ),
  {
    name: 'a call under a contract that is only observed',
    day: paidAfter(nothing, { pins: 'observe' }),
    ...of('guarded', 'unproven', 'observed'),
    otherwise: 'proven',
  },
  {
    name: 'a server whose contracts are only observed, though each is approved',
    day: paidAfter((day) => approve(day), { pins: 'observe' }),
    ...of('guarded', 'unproven', 'observed'),
    otherwise: 'proven',
  },
  {
    name: 'a contract that a simulated person approved',
    day: paidAfter((day) => approve(day), { options: { simulated: [who.tove] } }),
    ...of('guarded', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
];
