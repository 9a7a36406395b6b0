// The equipment of a house: the servers and the records whose definitions are in force, which need not be those that the
// files name now. Part of the composition root.

import { declaredAs, type Standing } from '@surety/proof/changes';
import { type Config, Definitions, definedInForce, type ServerConfig } from './config/index.ts';
import { sqliteRecord } from './connectors/sqlite-record.ts';
import type { RecordSystem } from './outcomes/index.ts';

export interface EquipmentOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onNote: (level: 'info' | 'warn', note: string) => void;
}

export class Equipment {
  readonly #options: EquipmentOptions;
  readonly #definitions: Definitions;
  readonly #records = new Map<string, RecordSystem>();
  #made = new Map<string, string>();
  #servers: readonly ServerConfig[] = [];

  constructor(store: string, options: EquipmentOptions) {
    this.#options = options;
    this.#definitions = new Definitions(store);
  }

  get servers(): readonly ServerConfig[] {
    return this.#servers;
  }

  get records(): ReadonlyMap<string, RecordSystem> {
    return this.#records;
  }

  /** Takes what is in force now. A record that is read at this moment is read to its end. */
  take(config: Config, standing: Standing): void {
    const inForce = new Map([
      ...declaredAs(standing, 'server.declared').flatMap(({ server, transport, definition }) =>
        transport === 'decided' ? [] : [[`server/${server}`, definition] as const],
      ),
      ...declaredAs(standing, 'record.declared').map(({ record, definition }) => {
        return [`record/${record}`, definition] as const;
      }),
    ]);
    const { env, onNote } = this.#options;
    const here = definedInForce(config, inForce, this.#definitions, env);
    for (const stream of here.unknown)
      onNote(
        'warn',
        `${stream} cannot be used: what is in force there is not kept here; put it back, or have it signed`,
      );
    this.#definitions.keep([...here.servers, ...here.records]);
    this.#servers = here.servers;
    const made = new Map(here.records.map(({ id, definition }) => [id, definition]));
    for (const id of this.#records.keys()) if (!made.has(id)) this.#records.delete(id);
    for (const { id, definition, sqlite, money, subject } of here.records)
      if (this.#made.get(id) !== definition)
        this.#records.set(
          id,
          sqliteRecord({
            id,
            path: sqlite,
            ...(money === undefined ? {} : { moneyColumn: money.amount }),
            ...(subject === undefined ? {} : { subject }),
          }),
        );
    this.#made = made;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#records.values()].map((record) => record.close()));
  }
}
