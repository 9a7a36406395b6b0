// `surety changes` and `surety sign`: what the files ask for and waits, with the difference to what is in force; and
// the signature of an owner under exactly that, or under a refusal of it.

import { changeText, type InForce, type Proposal, refusalText } from '@surety/proof/changes';
import { clockFrom } from '../../clock.ts';
import type { OfferedSignature } from '../../governance/index.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { inForceIn } from '../in-force.ts';
import { changeOf, pendingIn, pendingLines, refusedIn } from '../pending.ts';
import { type Signer, signerOf } from '../signer.ts';
import { configOf, inForceOf, openStore } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

interface SignAsked extends Asked {
  readonly key?: string;
  readonly as?: string;
  readonly all?: boolean;
  /** Why it is refused. */
  readonly refuse?: string;
}

export async function changes(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  const store = openStore(await configOf(terminal, folder));
  let pending: ReturnType<typeof pendingIn>;
  try {
    const inForce = inForceIn(store);
    pending = [...pendingIn(inForce), ...refusedIn(inForce, store)];
  } finally {
    store.close();
  }
  if (json === true) terminal.out(JSON.stringify(pending));
  else if (pending.length === 0) terminal.out('no change waits: what the files asked for is in force');
  else for (const line of pending.flatMap(pendingLines)) terminal.out(line);
  return exit.ok;
}

export async function sign(
  terminal: Terminal,
  open: OpenDesk,
  refs: readonly string[],
  asked: SignAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  if ((refs.length === 0) !== (asked.all === true))
    throw new CommandError(
      'which change?',
      '`surety changes` lists what waits; --all signs all of it',
      exit.usage,
    );
  if (asked.refuse !== undefined && (asked.all === true || asked.refuse.trim() === ''))
    throw new CommandError(
      'which change is refused, and why?',
      '`surety sign CHANGE --refuse REASON`',
      exit.usage,
    );
  const signer = signerOf(terminal, config, asked);
  const { person } = signer;
  const inForce = inForceOf(config);
  const wanted = asked.all === true ? waitingFor(inForce, person) : refs.map((ref) => changeBy(inForce, ref));
  if (wanted.length === 0) terminal.note(`no change waits for ${person}`);
  const shown = pendingIn(inForce);
  const lines = shown
    .filter(({ change }) => wanted.some((each) => each.change === change))
    .flatMap(pendingLines);
  for (const line of lines) terminal.note(line);
  const at = clockFrom(terminal.env).now();
  await withDesk(config, terminal, open, async (desk) => {
    for (const proposal of wanted) {
      const { refuse } = asked;
      const { pending } = await desk.sign(signed(proposal, signer, { at, refuse }));
      const { change, stream } = proposal;
      const refused = refuse !== undefined;
      if (asked.json === true) terminal.out(JSON.stringify({ change, stream, person, pending, refused }));
      else if (refused) terminal.out(`${person} refused ${change}: ${stream} stays as it is`);
      else
        terminal.out(
          `${person} signed ${change}: ${stream} ${pending ? 'still waits for others' : 'is in force'}`,
        );
    }
  });
  return exit.ok;
}

/** The beginning of a reference is enough where only one begins so. */
function changeBy(inForce: InForce, ref: string): Proposal {
  const found = inForce.proposals.filter(({ change }) => change.startsWith(ref));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new CommandError(
    found.length === 0 ? `no change waits under \`${ref}\`` : `several changes begin with \`${ref}\``,
    '`surety changes` lists what waits',
  );
}

const waitingFor = (inForce: InForce, person: string): readonly Proposal[] =>
  inForce.proposals.filter((proposal) =>
    inForce.missing(changeOf(inForce, proposal)).some(({ owner }) => owner === person),
  );

function signed(
  proposal: Proposal,
  { person, sign: signText }: Signer,
  { at, refuse }: { readonly at: number; readonly refuse: string | undefined },
): OfferedSignature {
  const { change } = proposal;
  const by = { person, at };
  const text =
    refuse === undefined ? changeText(proposal, by) : refusalText(proposal, { ...by, reason: refuse });
  return {
    ...{ change, ...by, ...signText(text) },
    ...(refuse === undefined ? {} : { refuse }),
  };
}
