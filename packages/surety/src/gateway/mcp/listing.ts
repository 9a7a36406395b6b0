// What a server lists: tools, resources, their templates and prompts. The server is not trusted: its pages, its
// items and its cursors are bounded. Each item keeps its own text, so that what is shown is what was listed.

import { JsonError, parseJsonWithSpans, type Span } from '@surety/proof/records';
import { UpstreamError } from './errors.ts';
import { isMembers, type Members } from './wire.ts';

interface Kind {
  readonly method: string;
  readonly member: string;
  /** What an item is called by. */
  readonly key: string;
  /** The capability that a server lists it under. */
  readonly capability: string;
}

export const listKinds = {
  tools: { method: 'tools/list', member: 'tools', key: 'name', capability: 'tools' },
  resources: { method: 'resources/list', member: 'resources', key: 'uri', capability: 'resources' },
  templates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    capability: 'resources',
  },
  prompts: { method: 'prompts/list', member: 'prompts', key: 'name', capability: 'prompts' },
} as const satisfies Record<string, Kind>;
export type ListKind = keyof typeof listKinds;

export interface Item {
  /** Its name, URI or URI template. */
  readonly name: string;
  /** Original JSON text of the item. */
  readonly text: string;
  readonly value: Members;
  /** Where the value of its name lies in `text`. */
  readonly nameSpan: Span;
}

const pagesMax = 100;
const itemsMax = 10_000;

export interface ListingOptions {
  readonly maxAgeMs: number;
  readonly now?: () => number;
  /** Asks for one page; throws `UpstreamError`. */
  readonly page: Page;
}

interface Kept {
  readonly items: Promise<readonly Item[]>;
  freshUntil: number;
}

/** The lists of one server, each fetched once at a time and kept for `maxAgeMs` or until it is forgotten. */
export class Listing {
  readonly #options: ListingOptions;
  readonly #now: () => number;
  readonly #kept = new Map<ListKind, Kept>();

  constructor(options: ListingOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  forget(): void {
    this.#kept.clear();
  }

  /** Forgets what a notification says has changed. */
  heard(method: string): void {
    const capability = /^notifications\/(\w+)\/list_changed$/.exec(method)?.[1];
    for (const kind of this.#kept.keys())
      if (listKinds[kind].capability === capability) this.#kept.delete(kind);
  }

  get(kind: ListKind): Promise<readonly Item[]> {
    const known = this.#kept.get(kind);
    if (known !== undefined && this.#now() < known.freshUntil) return known.items;
    const kept: Kept = {
      items: allPages(listKinds[kind], this.#options.page),
      freshUntil: Number.POSITIVE_INFINITY,
    };
    this.#kept.set(kind, kept);
    kept.items.then(
      () => {
        kept.freshUntil = this.#now() + this.#options.maxAgeMs;
      },
      () => {
        if (this.#kept.get(kind) === kept) this.#kept.delete(kind);
      },
    );
    return kept.items;
  }
}

type Page = (method: string, params: Members) => Promise<{ readonly text: string; readonly value: Members }>;

/** Throws `UpstreamError`. */
export async function allPages(kind: Omit<Kind, 'capability'>, page: Page): Promise<readonly Item[]> {
  const items: Item[] = [];
  let params: Members = {};
  for (let at = 0; at < pagesMax; at++) {
    const { text, value } = await page(kind.method, params);
    items.push(...itemsOf(kind, text, value));
    if (items.length > itemsMax) throw new UpstreamError('nonsense', 'the server lists too much');
    if (value.nextCursor === undefined) return items;
    if (typeof value.nextCursor !== 'string') throw new UpstreamError('nonsense', 'a cursor is no string');
    params = { cursor: value.nextCursor };
  }
  throw new UpstreamError('nonsense', 'the server lists too many pages');
}

function itemsOf({ member, key }: Pick<Kind, 'member' | 'key'>, text: string, value: Members): Item[] {
  const items = value[member];
  if (!Array.isArray(items) || items.length > itemsMax)
    throw new UpstreamError('nonsense', `the server lists no ${member}`);
  const pointers = items.flatMap((_, at) => [`/${member}/${at}`, `/${member}/${at}/${key}`]);
  const { spans } = spansOf(text, pointers);
  return items.map((item: unknown, at) => {
    const name = isMembers(item) ? item[key] : undefined;
    if (!isMembers(item) || typeof name !== 'string')
      throw new UpstreamError('nonsense', `something in ${member} has no ${key}`);
    const [start, end] = spans.get(`/${member}/${at}`) as Span;
    const [nameStart, nameEnd] = spans.get(`/${member}/${at}/${key}`) as Span;
    const nameSpan = [nameStart - start, nameEnd - start] as const;
    return { name, text: text.slice(start, end), value: item, nameSpan };
  });
}

/** The text was parsed before, within the wire's bounds, hence the wide ones here. */
function spansOf(text: string, pointers: readonly string[]) {
  try {
    return parseJsonWithSpans(text, pointers, { depthMax: 256, bytesMax: text.length });
  } catch (cause) {
    if (cause instanceof JsonError) throw new UpstreamError('nonsense', `a list is refused: ${cause.code}`);
    throw cause;
  }
}
