// Where each declaration is written, by its stream: for whoever finds something about one and has to say where.

import type { Document, Path } from './document.ts';
import type { Place } from './problem.ts';

type Placed = readonly [stream: string, place: Place];

function at(document: Document, stream: string, path: Path): Placed {
  const { file, line, column } = document.problem(path, 'key', { problem: '', remedy: '' });
  return [stream, { file, line, column }];
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Of `surety.yaml`. */
export function placesOfInstallation(document: Document): readonly Placed[] {
  const maps = [
    ['servers', 'server'],
    ['tools', 'tool'],
    ['records', 'record'],
    ['agents', 'identity'],
    ['applications', 'identity'],
  ] as const;
  return [
    ...maps.flatMap(([key, word]) =>
      Object.keys(membersOf(document.value[key])).map((name) => at(document, `${word}/${name}`, [key, name])),
    ),
    ...listOf(document.value['people']).map((person, index) =>
      at(document, `person/${String(membersOf(person)['id'])}`, ['people', index]),
    ),
  ];
}

/** Of an outcome file. */
export function placesOfOutcome(document: Document): readonly Placed[] {
  const outcome = String(document.value['outcome']);
  return [
    at(document, `outcome/${outcome}`, ['outcome']),
    ...listOf(document.value['checkpoints']).map((checkpoint, index) =>
      at(document, `rule/${outcome}/${String(membersOf(checkpoint)['id'])}`, ['checkpoints', index]),
    ),
  ];
}
