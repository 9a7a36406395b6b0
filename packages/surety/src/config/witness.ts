// The file of a witness: its name, where it listens, and the logs that it cosigns. Small, since whoever runs one runs
// nothing else of Surety.

import { basename, dirname, resolve } from 'node:path';
import { parseVerifier, signsOf, type Verifier } from '@surety/proof/records';
import { z } from 'zod';
import { checkAddress } from './agreement.ts';
import { conform } from './conform.ts';
import { Document } from './document.ts';
import { Findings } from './names.ts';
import { type Problem, quote } from './problem.ts';
import { readSource } from './source.ts';
import { hostPort, text } from './words.ts';

export const witness = z
  .strictObject({
    name: text
      .regex(
        /^[!-*,-~]{1,128}$/,
        'is not the name of a witness\nwrite a name without spaces and `+`, such as `finance.acme.example/witness`',
      )
      .describe('in its verifier key, such as `finance.acme.example/witness`; keep it for ever'),
    folder: text.optional().describe('of its key and its memory, relative to this file (default witness)'),
    listen: hostPort.optional().describe('host:port that it listens on (default 127.0.0.1:7310)'),
    logs: z
      .array(
        z.strictObject({
          key: text.describe("the log's verifier key, `name+hash+base64` (C2SP signed-note)"),
          url: text
            .optional()
            .describe(
              'where its tiles are; asked at the start for a head that this witness may have forgotten',
            ),
        }),
      )
      .min(1, 'is empty\nwrite the verifier key of a log')
      .describe('the logs that it cosigns'),
  })
  .describe('One witness: the file that `surety witness --config` reads');

export interface WitnessSettings {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly listen?: string;
  readonly logs: readonly { readonly key: Verifier; readonly url?: string }[];
}

export type LoadedWitness =
  | { readonly ok: true; readonly settings: WitnessSettings; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function loadWitness(file: string): LoadedWitness {
  const source = readSource(dirname(file), basename(file));
  if ('problem' in source) return { ok: false, problems: [source] };
  const found = new Findings(new Document(source));
  if (found.document.isBroken) return { ok: false, problems: found.problems };
  const { value, problems } = conform(found.document, witness);
  found.problems.push(...problems);
  const logs = (value?.logs ?? []).flatMap(({ key, url }, index) => {
    if (url !== undefined) checkAddress(found, ['logs', index, 'url'], url);
    const log = logKey(key);
    if (log === undefined)
      found.add(
        ['logs', index, 'key'],
        `${quote(key)} is not the key of a log`,
        'copy the verifier key that the log publishes: `name+hash+base64`, of type 1 (Ed25519)',
      );
    return log === undefined ? [] : [{ key: log, ...(url === undefined ? {} : { url }) }];
  });
  if (value === undefined || found.problems.some(({ severity }) => severity === 'error'))
    return { ok: false, problems: found.problems };
  const { name, folder = 'witness', listen } = value;
  const settings = { name, folder: resolve(dirname(file), folder), logs };
  return {
    ok: true,
    settings: { ...settings, ...(listen === undefined ? {} : { listen }) },
    warnings: found.problems,
  };
}

/** The verifier key of a log, or undefined if it is none (C2SP signed-note: a type that signs texts). */
export function logKey(written: string): Verifier | undefined {
  try {
    const key = parseVerifier(written);
    return signsOf(key) === 'text' ? key : undefined;
  } catch {
    return undefined;
  }
}
