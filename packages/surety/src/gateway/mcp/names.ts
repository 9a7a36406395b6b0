// The tools and prompts of a server as clients get to see them. A server names them as it likes: names that could
// be taken for one another, or that clients cannot write, are left out and reported, never guessed at.

import type { Item } from './listing.ts';
import { type Mirrored, mirroredIn } from './mirrored.ts';
import { replaced } from './wire.ts';

/** A tool or a prompt under the name that an endpoint shows. */
export interface Shown {
  readonly native: string;
  /** Its own JSON text; on the merged endpoint with the shown name in it. */
  readonly text: string;
  /** The same before. */
  readonly listed: string;
  readonly mirrored: readonly Mirrored[];
}

/** The first name is shown; the second was left out, and is refused when called. */
export interface Showing {
  readonly shown: ReadonlyMap<string, Shown>;
  readonly leftOut: ReadonlySet<string>;
}

export type OnLeftOut = (native: string, why: 'not-a-name' | 'too-long' | 'not-unique') => void;

/** What a server can be asked beside its tools. Rules know each as a tool of this name: no tool may have it. */
export const asides = [
  'resources/read',
  'resources/subscribe',
  'prompts/get',
  'completion/complete',
] as const;
const reserved: ReadonlySet<string> = new Set(asides);

/**
 * The native part of a tool id (`toolId` in the facts). Printable ASCII: the protocol asks for less (SEP-986), and a
 * hostile server could else have a name that looks to a person like one that they labelled.
 */
export const isNativeName = (name: string): boolean => /^[!-~]{1,256}$/.test(name) && !reserved.has(name);

/** Server endpoints show native names, untouched. */
export const showNative = (tools: readonly Item[], onLeftOut: OnLeftOut): Showing =>
  showing(tools, ({ name }) => (isNativeName(name) ? name : undefined), onLeftOut);

/** What MCP clients and model APIs accept as the name of a tool. */
const mergedLengthMax = 64;

/** The merged endpoint shows `<server>_<native>`. A server id has no `_`, so the first one ends it. */
export const showMerged = (server: string, tools: readonly Item[], onLeftOut: OnLeftOut): Showing =>
  showing(
    tools,
    ({ name }) => (isNativeName(name) ? `${server}_${name.replace(/[^A-Za-z0-9_-]/gu, '_')}` : undefined),
    onLeftOut,
    mergedLengthMax,
  );

export function splitMerged(name: string): { server: string; rest: string } | undefined {
  const at = name.indexOf('_');
  return at <= 0 ? undefined : { server: name.slice(0, at), rest: name.slice(at + 1) };
}

function showing(
  tools: readonly Item[],
  nameOf: (tool: Item) => string | undefined,
  onLeftOut: OnLeftOut,
  lengthMax = 256,
): Showing {
  const shown = new Map<string, Shown>();
  const leftOut = new Set<string>();
  for (const tool of tools) {
    const name = nameOf(tool);
    if (name === undefined) onLeftOut(tool.name, 'not-a-name');
    else if (name.length > lengthMax) {
      leftOut.add(name);
      onLeftOut(tool.name, 'too-long');
    } else if (shown.has(name) || leftOut.has(name)) {
      // Neither may have the name: which of them a client means, nobody can say.
      shown.delete(name);
      leftOut.add(name);
      onLeftOut(tool.name, 'not-unique');
    } else {
      const mirrored = mirroredIn(tool.value.inputSchema);
      shown.set(name, { native: tool.name, text: named(tool, name), listed: tool.text, mirrored });
    }
  }
  return { shown, leftOut };
}

const named = ({ name, text, nameSpan }: Item, shown: string): string =>
  shown === name ? text : replaced(text, nameSpan, shown);
