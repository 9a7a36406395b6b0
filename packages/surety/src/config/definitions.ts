// Definitions: what a person wrote of a server or a record. A declaration in the ledger holds only the digest, which gives
// nothing to guess; what is behind it is kept here, in the store, so that what is in force can run after a restart while
// the files say something else. Read by digest alone: whatever else lies there is nothing.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '@surety/proof/records';
import type { Environment } from './agreement.ts';
import { type Defined, type RecordConfig, recordConfig, type ServerConfig, serverConfig } from './compile.ts';
import { digestOf } from './declaration.ts';
import type { Config } from './load.ts';

export class Definitions {
  readonly #folder: string;
  readonly #known = new Map<string, unknown>();

  constructor(store: string) {
    this.#folder = join(store, 'definitions');
  }

  find(definition: string): unknown {
    const known = this.#known.get(definition) ?? this.#read(definition);
    if (known !== undefined) this.#known.set(definition, known);
    return known;
  }

  /** Keeps these and no others. */
  keep(all: readonly Defined[]): void {
    const wanted = new Set(all.map(({ definition }) => fileOf(definition)));
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const there = readdirSync(this.#folder);
    for (const { definition, written } of all) {
      this.#known.set(definition, written);
      const path = join(this.#folder, fileOf(definition));
      if (there.includes(fileOf(definition))) continue;
      writeFileSync(`${path}.new`, JSON.stringify(written), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    }
    for (const file of there) if (!wanted.has(file)) rmSync(join(this.#folder, file), { force: true });
  }

  #read(definition: string): unknown {
    try {
      const written = parseJson(readFileSync(join(this.#folder, fileOf(definition))));
      return digestOf(written) === definition ? written : undefined;
    } catch {
      // Not there, or nothing that this program wrote.
      return undefined;
    }
  }
}

const fileOf = (definition: string): string => `${definition}.json`;

export interface InForceHere {
  readonly servers: readonly ServerConfig[];
  readonly records: readonly RecordConfig[];
  /** Streams of which nobody here knows any more what is in force. */
  readonly unknown: readonly string[];
}

/** The servers and records whose definitions are in force, whatever the files say now. */
export function definedInForce(
  { servers, records, folder }: Config,
  inForce: ReadonlyMap<string, string>,
  definitions: Definitions,
  env: Environment,
): InForceHere {
  const unknown: string[] = [];
  const find = <T extends Defined & { readonly id: string }>(
    kind: 'server' | 'record',
    wanted: readonly T[],
    make: (id: string, written: never) => T,
  ): T[] =>
    [...inForce].flatMap(([stream, definition]): T[] => {
      if (!stream.startsWith(`${kind}/`)) return [];
      const id = stream.slice(kind.length + 1);
      const same = wanted.find((each) => each.id === id && each.definition === definition);
      const written = same === undefined ? definitions.find(definition) : undefined;
      if (same === undefined && written === undefined) unknown.push(stream);
      return same !== undefined ? [same] : written === undefined ? [] : [make(id, written as never)];
    });
  return {
    servers: find('server', servers, (id, written) => serverConfig(id, written, folder, env)),
    records: find('record', records, (id, written) => recordConfig(id, written, folder)),
    unknown,
  };
}
