// An incident that happened somewhere, small enough to be played again: the tools that the agent had, what they did to the
// record, what the agent called, and the controls of a pack that would have stopped it.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { z } from 'zod';
import {
  effectSchema,
  findFiles,
  type Problem,
  problemWith,
  readConforming,
  words,
} from '../config/index.ts';
import { bindingActions, bindPack } from './bind.ts';
import { type Checkpoint, findPack, type Pack } from './pack.ts';

const shipped = fileURLToPath(new URL('../../../../packs/incidents', import.meta.url));
const { amount, currency, duration, identifier, text, tool } = words;

const incidentTool = z.strictObject({
  effect: effectSchema,
  /** The argument that holds an amount, in minor units of the outcome's currency. */
  money: text.optional(),
  /** What it does to the record: SQL, with `:id` (new for each call), `:now` and the arguments by name. */
  does: z.array(text).optional(),
  /** What it returns: `$id` and `$name` stand for the new id and for an argument. */
  returns: z.record(text, z.unknown()).optional(),
});

const outcome = z.strictObject({
  statement: text,
  'at-stake': z.strictObject({ amount, currency }),
  reconcile: z.record(text, z.unknown()),
  invariants: z.array(z.record(text, z.unknown())),
});

const step = z.strictObject({
  says: text,
  call: tool,
  args: z.record(text, z.unknown()),
  /** How long after the step before. */
  after: duration.optional(),
  answer: z.enum(['done', 'refused', 'held']),
});

const incident = z.strictObject({
  incident: identifier,
  title: text,
  date: text,
  happened: text,
  /** Who was said to be responsible; the owner of the outcome bore it. */
  said: text,
  source: z.array(text).min(1, 'is empty\nname a source'),
  pack: identifier,
  stops: z.array(text).min(1, 'is empty\nname a control of the pack'),
  actions: bindingActions,
  record: text,
  tools: z.record(tool, incidentTool),
  outcome,
  steps: z.array(step).min(1, 'is empty\nsay what the agent called'),
});
export type Incident = z.infer<typeof incident>;

export interface Found {
  readonly incident: Incident;
  readonly pack: Pack;
}
export type LoadedIncident = Found | { readonly problems: readonly Problem[] };

export const incidentNames = (): readonly string[] =>
  findFiles(shipped, '*.yaml').files.map((file) => file.replace(/\.yaml$/, ''));

export function findIncident(name: string): LoadedIncident {
  if (incidentNames().includes(name)) return readIncident(join(shipped, `${name}.yaml`));
  const known = `there are: ${incidentNames().join(', ')}`;
  return { problems: [problemWith(name, 'there is no such incident', known)] };
}

function readIncident(file: string): LoadedIncident {
  const read = readConforming(file, () => incident);
  if ('problems' in read) return read;
  const { value } = read;
  const loaded = findPack(value.pack, '.');
  return 'problems' in loaded ? loaded : { incident: value, pack: loaded.pack };
}

/** The checkpoints that stop it, in the words of its tools. Throws if one cannot be said with them. */
export function stopping({ incident: { stops, actions }, pack }: Found): readonly Checkpoint[] {
  const { controls, left, failed } = bindPack(pack, pack, { actions });
  return stops.map((ref) => {
    const found = controls.find(({ control }) => control.ref === ref);
    const why = left.find((each) => each.ref === ref)?.text ?? failed.find((each) => each.ref === ref)?.name;
    if (found === undefined || why !== undefined)
      throw new Error(`${ref} does not stop it: ${why ?? 'there is no such control'}`);
    return found.checkpoint;
  });
}

const people = {
  owner: 'olivia@acme.example',
  builder: 'bo@acme.example',
  user: 'uma@acme.example',
  approvers: ['ann@acme.example', 'ben@acme.example'],
};
export const cast = { agent: 'agent', application: 'desk', outcome: 'incident', user: people.user } as const;

/** Files of a house in which it can happen: with the checkpoints that stop it, or without. */
export function filesOf(loaded: Found, checkpoints: readonly Checkpoint[]): Readonly<Record<string, string>> {
  const { incident: of, pack } = loaded;
  const { currency: code } = of.outcome['at-stake'];
  const servers = [...new Set(Object.keys(of.tools).map((each) => each.slice(0, each.indexOf('.'))))];
  const functions = Object.keys(pack.functions ?? {});
  const installation = {
    ...{ origin: `incident.example/${of.incident}`, store: 'store', 'time-zone': 'UTC' },
    servers: Object.fromEntries(servers.map((each) => [each, { stdio: ['none'], pins: 'observe' }])),
    tools: Object.fromEntries(
      Object.entries(of.tools).map(([name, { effect, money }]) => [
        name,
        {
          effect,
          ...(money === undefined
            ? {}
            : { money: { amount: `args.${money}`, unit: 'minor', currency: code } }),
        },
      ]),
    ),
    records: { record: { sqlite: 'record.db' } },
    people: [
      { id: people.owner },
      { id: people.builder },
      { id: people.user },
      ...people.approvers.map((id) => ({ id, ...(functions.length === 0 ? {} : { functions }) })),
    ],
    agents: { [cast.agent]: { owner: people.builder } },
    applications: { [cast.application]: { owner: people.builder } },
    ...{ outcomes: ['outcomes/*.yaml'], policies: ['policies/*.cedar'] },
  };
  const { statement, ...rest } = of.outcome;
  const written = {
    ...{ outcome: cast.outcome, statement, owner: people.owner },
    ...rest,
    ...(checkpoints.length === 0 ? {} : { checkpoints }),
  };
  const permits = servers
    .map(
      (each) =>
        `@id("may-${each}")\npermit (principal == Agent::"${cast.agent}", action, resource in Server::"${each}");\n`,
    )
    .join('\n');
  return {
    'surety.yaml': stringify(installation, { aliasDuplicateObjects: false }),
    'outcomes/incident.yaml': stringify(written, { aliasDuplicateObjects: false }),
    'policies/agent.cedar': permits,
  };
}
