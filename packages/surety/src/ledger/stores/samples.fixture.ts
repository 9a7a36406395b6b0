// Facts and options that the ledger's tests share, and the process that the crash tests kill:
//   node samples.fixture.ts <folder> [log key]    appends until it is killed, and says what was acknowledged

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewFact } from '../../facts/index.ts';
import { type LogOptions, openLog } from './sqlite.ts';

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'surety-ledger-'));

export const optionsFor = (folder: string): LogOptions => ({
  folder,
  origin: 'ledger.example/test',
  clock: () => Date.now(),
  clockKind: 'system',
  program: 'gateway',
  version: '0.0.0',
  logKey: 'log key',
  statementKey: 'statement key',
});

const digest = 'A'.repeat(43);

/** A refusal with a text of the caller's choosing, as agents make them. */
export const refused = (call: string, disclosures: readonly string[] = []): NewFact => ({
  kind: 'call.refused',
  agent: 'buyer',
  user: 'ann@acme.example',
  case: 'case/1',
  basis: [['other', 3]],
  body: {
    call,
    tool: 'erp.pay_invoice',
    effect: 'spend',
    action: digest,
    screened: 'none',
    attestation: 'none',
    args: [digest],
    step: 'permit',
    code: 'not-permitted',
    cause: [],
  },
  disclosures,
});

export const opened = (call: string): NewFact => ({ kind: 'action.opened', body: { call } });

async function appendForever(folder: string, logKey = 'log key'): Promise<void> {
  // A disk that is full is an error to answer, not a signal to die of.
  process.on('SIGXFSZ', () => undefined);
  const log = await openLog({ ...optionsFor(folder), logKey });
  const facts = new Map<number, unknown>();
  log.subscribe((recorded) => {
    for (const { fact } of recorded) facts.set(fact.position, fact);
  });
  process.stdout.write(`${JSON.stringify({ started: process.pid })}\n`);
  const flow = async (name: string): Promise<never> => {
    for (let count = await log.version(`case/${name}`); ; count++) {
      try {
        const answer = await log.append([
          {
            stream: `case/${name}`,
            expected: count,
            facts: [refused(`${name} ${count} ${'x'.repeat(count % 700)}`)],
          },
          { stream: `budget/${name}`, facts: [opened(`${name} ${count}`)] },
        ]);
        if ('conflict' in answer) process.exit(1);
        for (const position of answer.positions) {
          process.stdout.write(`${JSON.stringify({ position, fact: facts.get(position) })}\n`);
          facts.delete(position);
        }
      } catch (cause) {
        process.stdout.write(`${JSON.stringify({ refused: (cause as { code: string }).code })}\n`);
        count--;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(flow));
}

if (import.meta.main) await appendForever(process.argv[2] as string, process.argv[3]);
