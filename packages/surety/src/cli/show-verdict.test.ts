import { expect, test } from 'vitest';
import type { VerdictShown } from '../api/index.ts';
import { verdictLines, verdictWord } from './show-verdict.ts';

const plain = (_: string, text: string) => text;

/** The members that are read here. */
const shown = {
  outcome: 'supplier-payments',
  statement: 'No supplier is paid twice.',
  owner: 'tove@acme.example',
  hash: 'h',
  window: { from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z' },
  asOf: '2026-03-03T01:00:00.000Z',
  verdict: 'violated',
  grade: 'recomputed',
  rung: 'C5',
  questions: [
    {
      question: 'reconciled',
      verdict: 'violated',
      grade: 'recomputed',
      reasons: [
        {
          code: 'orphan',
          text: 'row "\u001b[1A✓ proven" has no call',
          facts: [7],
          who: ['tove@acme.example'],
          remedy: 'explain the row',
        },
      ],
    },
    { question: 'recorded', verdict: 'unproven', otherwise: 'proven', grade: 'observed', reasons: [] },
  ],
  assumptions: [{ text: 'the record holds every effect', who: 'tove@acme.example' }],
  figures: { calls: 3, effects: 2, rows: 3, governed: 2, elsewhere: 0, orphans: 1 },
  head: '',
  root: '',
  cosigned: [],
  ledgerSize: 40,
} as unknown as VerdictShown;

test('a verdict is read from the top: what, who, the figures, then each question with its reasons', () => {
  expect(verdictLines(shown, plain)).toEqual([
    'supplier-payments  ✕ violated  weakest grade: recomputed, completeness C5',
    'No supplier is paid twice.',
    '2026-03-02T00:00:00.000Z to 2026-03-03T00:00:00.000Z, answered for by tove@acme.example',
    '3 calls, 2 took effect; 3 rows in the record: 2 governed, 0 declared elsewhere, 1 orphan',
    '',
    'Did it hold?',
    '  ✕ violated  reconciled',
    '      row "\\u001b[1A✓ proven" has no call',
    '      orphan: tove@acme.example can end it: explain the row',
    '',
    'How bad could it get, and who answers?',
    '',
    'How do we know?',
    '  ? unproven  recorded  (otherwise proven)',
    '',
    'Assumed',
    '  the record holds every effect (tove@acme.example)',
    '',
    '40 facts, cosigned by nobody',
  ]);
});

test('each verdict has a shape of its own, beside its colour', () => {
  const words = ['proven', 'violated', 'unproven', 'holding', 'unsound'].map((word) =>
    verdictWord(word, plain),
  );
  expect(new Set(words.map((word) => word[0])).size).toBe(words.length);
});
