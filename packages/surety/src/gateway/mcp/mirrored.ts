// Arguments that a tool asks clients to repeat in `Mcp-Param-*` headers (`x-mcp-header` in its schema;
// MCP 2026-07-28, SEP-2243). Nothing here decides by such a header, but something in front of us may:
// so a header that says other than the body is refused.

import { decoded } from './eras.ts';
import { Refusal } from './refusal.ts';
import { isMembers, type Members, rpc } from './wire.ts';

export interface Mirrored {
  readonly path: readonly string[];
  /** In lower case, as Node gives it. */
  readonly header: string;
  readonly numeric: boolean;
}

const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const primitives = new Set(['string', 'boolean', 'integer', 'number']);
const mirroredMax = 64;

/** None if the schema declares them wrongly: no client sends headers for such a tool. */
export function mirroredIn(inputSchema: unknown): readonly Mirrored[] {
  const found: Mirrored[] = [];
  const sound = visit(inputSchema, [], found);
  const unique = new Set(found.map(({ header }) => header)).size === found.length;
  return sound && unique && found.length <= mirroredMax ? found : [];
}

function visit(schema: unknown, path: readonly string[], found: Mirrored[]): boolean {
  if (!isMembers(schema)) return true;
  const { type, properties } = schema;
  const name = schema['x-mcp-header'];
  if (name !== undefined) {
    if (typeof name !== 'string' || !token.test(name) || path.length === 0) return false;
    if (typeof type !== 'string' || !primitives.has(type)) return false;
    const numeric = type === 'integer' || type === 'number';
    found.push({ path, header: `mcp-param-${name.toLowerCase()}`, numeric });
  }
  if (!isMembers(properties)) return true;
  return Object.entries(properties).every(([key, below]) => visit(below, [...path, key], found));
}

/** Throws `Refusal` if a header is missing or differs from its argument. */
export function checkMirrored(
  mirrored: readonly Mirrored[],
  args: Members,
  headerOf: (name: string) => string | undefined,
): void {
  for (const { path, header, numeric } of mirrored) {
    const value = path.reduce<unknown>(
      (at, key) => (isMembers(at) && Object.hasOwn(at, key) ? at[key] : undefined),
      args,
    );
    // What is absent or no primitive has no header form, and a header for it says nothing.
    if (!['string', 'boolean', 'number'].includes(typeof value)) continue;
    const written = headerOf(header);
    const said = written === undefined ? undefined : decoded(written);
    const asNumber =
      numeric && typeof value === 'number' && said !== undefined && /^-?\d+(\.\d+)?$/.test(said);
    if (said === undefined || (asNumber ? Number(said) !== value : said !== String(value)))
      throw new Refusal(400, rpc.headerMismatch, `the headers and the body disagree: ${header}`);
  }
}
