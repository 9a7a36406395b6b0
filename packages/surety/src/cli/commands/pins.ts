// `surety pins`: what tools say of themselves, what a person approved, and the difference. Whoever approves is shown the
// whole contract, with every character that is not seen otherwise, and signs exactly that.

import { contractText, mayApproveContracts } from '@surety/proof/contracts';
import type { ContractStatement } from '@surety/proof/facts';
import type { LookAnswer } from '../../api/index.ts';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { shownWhole } from '../../contracts/index.ts';
import { contractsMax, type OfferedOrder } from '../../governance/index.ts';
import { type DeskWork, type OpenDesk, withDesk } from '../desk.ts';
import { differenceLines } from '../difference.ts';
import { functionsOf } from '../ordering.ts';
import { type Pinned, type PinShown, pinnedIn } from '../pinned.ts';
import { signerOf } from '../signer.ts';
import { configOf, openStore } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

export type PinAction = 'list' | 'show' | 'approve' | 'revoke';

interface PinsAsked {
  readonly folder: string;
  readonly json?: boolean;
  readonly key?: string;
  readonly as?: string;
  readonly server?: string;
  readonly all?: boolean;
}

export async function pins(
  terminal: Terminal,
  open: OpenDesk,
  action: PinAction,
  tools: readonly string[],
  asked: PinsAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  checkWords(action, tools, asked);
  const work = async (desk: DeskWork): Promise<Exit> => {
    const looked = await desk.look();
    for (const { server, away } of looked.servers)
      if (away !== undefined) terminal.note(`server \`${server}\` cannot be asked now: ${shownWhole(away)}`);
    const pinned = readPinned(config, looked);
    if (action === 'list') return list(terminal, pinned, asked);
    if (action === 'show') return show(terminal, pinned, tools, asked);
    return answer(terminal, config, desk, pinned, { action, tools, asked });
  };
  return withDesk(config, terminal, open, work, { mayBegin: true });
}

function checkWords(action: PinAction, tools: readonly string[], { server, all, key }: PinsAsked): void {
  const ways = [tools.length > 0, server !== undefined, all === true].filter(Boolean).length;
  if (action === 'list') {
    if (tools.length > 0 || all === true || key !== undefined)
      throw new CommandError(
        'list, or what else?',
        '`surety pins show TOOL`, `surety pins approve TOOL`',
        exit.usage,
      );
  } else if (action === 'show' ? tools.length === 0 : ways !== 1)
    throw new CommandError(
      'which tools?',
      action === 'show'
        ? 'surety pins show TOOL'
        : `surety pins ${action} TOOL ..., or --server NAME, or --all`,
      exit.usage,
    );
}

function readPinned(config: Config, looked: LookAnswer): Pinned {
  const store = openStore(config);
  try {
    return pinnedIn(store, looked);
  } finally {
    store.close();
  }
}

function list(terminal: Terminal, { shown }: Pinned, { json, server }: PinsAsked): Exit {
  const wanted = shown.filter(({ tool }) => server === undefined || tool.startsWith(`${server}.`));
  if (json === true) terminal.out(JSON.stringify(wanted));
  else if (wanted.length === 0) terminal.out('no server lists a tool whose contract anybody has to approve');
  else for (const each of wanted) for (const line of listLines(each)) terminal.out(line);
  const blocked = wanted.filter(({ state }) => state !== 'approved' && state !== 'gone').length;
  if (json !== true && blocked > 0)
    terminal.note(
      `${blocked} of ${wanted.length} are kept from agents: \`surety pins show TOOL\` shows one, \`surety pins approve\` lets agents have it`,
    );
  return exit.ok;
}

const words: Readonly<Record<PinShown['state'], string>> = {
  approved: 'approved',
  unapproved: 'not approved',
  changed: 'CHANGED since it was approved',
  'too-large': 'too large to be read, so nobody can approve it',
  gone: 'approved, and not listed any more',
};

function listLines({ tool, state, approved, findings, pins: mode }: PinShown): readonly string[] {
  const by = approved === null ? '' : `, by ${approved.person} on ${approved.at.slice(0, 10)}`;
  const observed = mode === 'observe' && state !== 'approved' ? ' (only observed: agents have it)' : '';
  return [
    `${shownWhole(tool)}  ${words[state]}${by}${observed}`,
    ...findings.map(({ code, text }) => `  ${code}: ${shownWhole(text)}`),
  ];
}

function show(terminal: Terminal, pinned: Pinned, tools: readonly string[], { json }: PinsAsked): Exit {
  const wanted = tools.map((tool) => named(pinned, tool));
  if (json === true) terminal.out(JSON.stringify(wanted));
  else for (const each of wanted) for (const line of wholeLines(each)) terminal.out(line);
  return exit.ok;
}

function named({ shown }: Pinned, tool: string): PinShown {
  const found = shown.find((each) => each.tool === tool);
  if (found === undefined)
    throw new CommandError(`no server lists \`${shownWhole(tool)}\``, '`surety pins` lists what there is');
  return found;
}

/** Everything that a model may read of it, and what is different. */
function wholeLines(each: PinShown): readonly string[] {
  const { whole, difference, contract, cloaked } = each;
  const text = whole === null ? [] : shownWhole(JSON.stringify(whole, undefined, 2)).split('\n');
  return [
    ...listLines(each),
    ...(contract === null ? [] : [`  contract ${contract}`]),
    ...cloaked.map(({ agent, at }) => `  ${agent ?? 'somebody'} was shown something else at ${at}`),
    ...text.map((line) => `  ${line}`),
    ...(difference.length === 0 ? [] : ['  what has changed since it was approved:']),
    ...differenceLines(difference).map((line) => `  ${shownWhole(line)}`),
  ];
}

interface Answering {
  readonly action: 'approve' | 'revoke';
  readonly tools: readonly string[];
  readonly asked: PinsAsked;
}

async function answer(
  terminal: Terminal,
  config: Config,
  desk: DeskWork,
  pinned: Pinned,
  { action, tools, asked }: Answering,
): Promise<Exit> {
  const wanted = chosen(terminal, pinned, { action, tools, asked });
  if (wanted.length === 0) {
    terminal.note(action === 'approve' ? 'nothing is left to approve' : 'nothing is approved there');
    if (asked.json === true) terminal.out('[]');
    return exit.ok;
  }
  const sign = signing(terminal, config, pinned, asked);
  if (action === 'approve') for (const line of wanted.flatMap(wholeLines)) terminal.note(line);
  const done: ContractStatement['contracts'][number][] = [];
  for (let at = 0; at < wanted.length; at += contractsMax) {
    const some = wanted.slice(at, at + contractsMax);
    const contracts = some.map(({ tool, contract, approved }) => ({
      tool,
      contract: (action === 'approve' ? contract : approved?.contract) ?? '',
    }));
    await desk.order(sign(action, contracts, at));
    done.push(...contracts);
  }
  if (asked.json === true) terminal.out(JSON.stringify(done));
  else
    for (const { tool } of done)
      terminal.out(
        `${shownWhole(tool)} ${action === 'approve' ? 'is approved as shown' : 'is kept from agents'}`,
      );
  return exit.ok;
}

/** Of those, a server that is started in another way may be approved as a whole; anything else is looked at by itself. */
const ofServer: ReadonlySet<string> = new Set(['launch-changed', 'instructions-changed']);

function chosen(
  terminal: Terminal,
  pinned: Pinned,
  { action, tools, asked }: Answering,
): readonly PinShown[] {
  const isOpen = ({ state, approved }: PinShown) =>
    action === 'revoke' ? approved !== null : state === 'unapproved' || state === 'changed';
  if (tools.length > 0) {
    const all = [...new Set(tools)].map((tool) => named(pinned, tool));
    const large = all.find(({ state }) => state === 'too-large');
    if (action === 'approve' && large !== undefined)
      throw new CommandError(`${large.tool} is ${words['too-large']}`, 'have its server say less of it');
    return all.filter(isOpen);
  }
  const open = pinned.shown.filter(
    (each) => isOpen(each) && (asked.server === undefined || each.tool.startsWith(`${asked.server}.`)),
  );
  if (action === 'revoke') return open;
  const [suspect, plain] = [true, false].map((is) =>
    open.filter(({ findings }) => findings.some(({ code }) => !ofServer.has(code)) === is),
  ) as [PinShown[], PinShown[]];
  for (const line of suspect.flatMap(listLines)) terminal.note(line);
  if (suspect.length > 0)
    terminal.note(`${suspect.length} with findings are left out: whoever wants one approves it by its name`);
  return plain;
}

type Sign = (
  action: Answering['action'],
  contracts: ContractStatement['contracts'],
  nth: number,
) => OfferedOrder;

function signing(terminal: Terminal, config: Config, { standing }: Pinned, asked: PinsAsked): Sign {
  const { person, sign } = signerOf(terminal, config, asked);
  const may = mayApproveContracts(standing);
  const own = may.find((each) => functionsOf(config, person).includes(each));
  if (own === undefined)
    throw new CommandError(
      `${person} acts for none of the functions that may approve contracts: ${may.join(' or ')}`,
      'whoever may has it under `functions` in surety.yaml',
      exit.unauthenticated,
    );
  const at = clockFrom(terminal.env).now();
  return (action, contracts, nth) => {
    const does = action === 'approve' ? 'approve-contracts' : 'revoke-contracts';
    // Each is used once, so each has a time of its own.
    const signed = { does, log: config.origin, contracts, function: own, person, at: at + nth } as const;
    return { statement: signed, ...sign(contractText(signed)) };
  };
}
