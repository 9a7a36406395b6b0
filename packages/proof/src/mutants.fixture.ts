// Mutants: proofs that lie, each in one thing. The attacker has every key that the mutant needs, and makes everything
// else in the proof agree with the lie. Which attack each belongs to stands in attacks.fixture.ts.

import { headOf, salt } from './log.fixture.ts';
import { badDay, day, edited, type Mutant, mutant, stating, without, withRow } from './mutant.fixture.ts';
import {
  canonicalJson,
  commitScalar,
  parseDisclosure,
  parseJson,
  printHead,
  signHead,
  utf8,
} from './records/index.ts';
import { signNote } from './records/note.ts';
import { rotatedMutants } from './rotated.fixture.ts';
import { succeeded } from './succeeded.fixture.ts';
import { plantedAndUsed } from './verdict/approvals.fixture.ts';
import { shiftIntents } from './verdict/cases.fixture.ts';
import { changedDays } from './verdict/changed.fixture.ts';
import { erasedMutants } from './verdict/erased.fixture.ts';
import { guardedDays } from './verdict/guarded.fixture.ts';
import { decidedDay, otherDays } from './verdict/other.fixture.ts';
import { reconciledDays } from './verdict/reconciled.fixture.ts';
import { at, Day, dayStart, hashOf, honestDay, LogMaker, makeKey, permit, sha256 } from './verify.fixture.ts';

const signed: readonly Mutant[] = [
  mutant('another page in place of verify.html', 'manifest', () => ({
    files: (files) =>
      files.map((file) => (file.name === 'verify.html' ? { ...file, bytes: utf8('<p>proven</p>') } : file)),
  })),
  mutant('a statement about another head', 'manifest', () => ({
    statement: (text) => text.replace(/@\d+"/, '@1"'),
  })),
  mutant('a statement that names a file twice', 'manifest', () => ({
    statement: (text) => {
      const statement = parseJson(text) as { subject: unknown[] };
      return canonicalJson({ ...statement, subject: [...statement.subject, statement.subject[1]] });
    },
  })),
  mutant('a statement signed by another key', 'statement-signature', () => ({
    statementKey: makeKey('statements'),
  })),
  mutant('a statement signed by the log key', 'statement-signature', (made) => ({
    statementKey: made.log.logKey,
  })),
  mutant('a rewritten history that keeps the cosignature of the old head', 'head-signature', async (made) => {
    const before = await made.log.seal(made.cosigners);
    Object.assign(made.log.drafts[4] ?? {}, { time: at(8) + 7 });
    const cosignature = before.trimEnd().split('\n').at(-1);
    return { headNote: `${await made.log.seal([])}${cosignature}\n`, cosigned: [] };
  }),
  mutant('a head signed by another key', 'head-signature', async (made) => {
    const impostor = makeKey(made.log.origin);
    return { headNote: await made.log.seal([], undefined, impostor), cosigned: [] };
  }),
  mutant(
    'a head signed by the key of another log of the same operator',
    'head-signature',
    async ({ log }) => {
      const text = printHead(headOf(log.origin, log.entries));
      const { name, publicKey, sign } = log.logKey;
      return { headNote: await signNote(text, name, publicKey, sign), cosigned: [] };
    },
    () => {
      // Opened with it, and pinned by the auditor: nothing but its name says whose it is.
      const keys = { log: makeKey('acme.example/other'), statement: makeKey('statements') };
      return honestDay({}, new LogMaker('acme.example/surety', keys)).close();
    },
  ),
  mutant('a statement that says nothing was simulated', 'verdict', () => ({
    statement: stating((predicate) => {
      predicate.simulated = true;
    }),
  })),
  mutant(
    'a rung that calls past the gateway cannot reach',
    'verdict',
    () => ({
      statement: stating(({ judgement }) => {
        judgement['rung'] = 'C3';
      }),
    }),
    decidedDay,
  ),
  mutant(
    'a quorum claimed though one seat has not cosigned',
    'verdict',
    () => ({ statement: without('witness-missing', { rung: 'C3' }) }),
    () => honestDay({ quorum: 'all', legal: 'away' }).close(),
  ),
  mutant(
    'a quorum lowered to what was reached, and nothing said',
    'verdict',
    () => ({ statement: without('declaration-changed') }),
    () => {
      const lowered = honestDay({ quorum: 'all', legal: 'away' });
      lowered.quorum(lowered.quorumText('any'), at(12));
      return lowered.close();
    },
  ),
  mutant('an assumption left out', 'verdict', () => ({
    statement: stating((predicate) => {
      predicate.judgement['assumptions'] = [];
    }),
  })),
  mutant('a rosier report', 'report', () => ({ report: (html) => html.replaceAll('unproven', 'proven') })),
  mutant('a report of another version', 'report', () => ({
    statement: (text) => text.replace('"reportVersion":"', '"reportVersion":"9'),
  })),
  mutant('a population without its last row', 'population', () => ({
    population: (csv) => `${csv.split('\r\n').slice(0, -2).join('\r\n')}\r\n`,
  })),
  mutant(
    'a window that ends before the orphan was written',
    'window',
    () => ({ window: { from: dayStart, to: at(12) } }),
    badDay,
  ),
];

const chained: readonly Mutant[] = [
  edited('a byte of a fact flipped', (made) => Object.assign(made.log.drafts[3] ?? {}, { time: at(8) + 1 })),
  edited('a rule edited in place', (made) => {
    const rule = made.log.drafts.find(({ body }) => body['rule'] === 'four-eyes')?.body ?? {};
    const { hash: _, ...written }: Record<string, unknown> = { ...rule, when: 'money > 99999999' };
    Object.assign(rule, written, { hash: hashOf(canonicalJson(written)) });
  }),
  edited('a payment backdated under the same head', (made) => {
    for (const fact of made.log.drafts)
      if (fact.body['call'] === 'c-4101') Object.assign(fact, { time: fact.time - 86_400_000 });
  }),
  edited('facts put in another order', (made) => {
    const { drafts } = made.log;
    drafts.splice(5, 2, ...drafts.slice(5, 7).reverse());
  }),
  mutant(
    'a log cut off at its tail, from the head on',
    'earlier-head',
    () => ({}),
    () => {
      const cut = badDay();
      Object.assign(cut, { kept: cut.log.seal([]) });
      for (const { body } of cut.log.drafts.splice(-3)) cut.log.forget(body['totals'] as string[]);
      for (const position of cut.log.rows.keys())
        if (position >= cut.log.drafts.length) cut.log.rows.delete(position);
      return cut;
    },
    async (made) => ({ earlierHead: await (made as unknown as { kept: Promise<string> }).kept }),
  ),
  mutant(
    'a fork: another history under the same keys',
    'earlier-head',
    () => ({}),
    () => {
      const fork = day();
      Object.assign(fork, { kept: fork.log.seal([], 12) });
      Object.assign(fork.log.drafts[4] ?? {}, { time: at(8) + 7 });
      return fork;
    },
    async (made) => ({ earlierHead: await (made as unknown as { kept: Promise<string> }).kept }),
  ),
  mutant(
    'the facts of another log under a head of this one',
    'origin',
    () => ({}),
    () => {
      const keys = { log: makeKey('acme.example/surety'), statement: makeKey('statements') };
      const made = honestDay({}, new LogMaker('acme.example/other', keys)).close();
      Object.assign(made.log, { origin: 'acme.example/surety' });
      return made;
    },
  ),
  mutant(
    'a fact replayed from another log',
    'origin',
    () => ({}),
    () => {
      const replayed = day();
      const other = new Day({}, new LogMaker('acme.example/other'));
      const fact = other.log.drafts.find(({ kind }) => kind === 'record.declared');
      const here = replayed.log.drafts.findIndex(({ kind }) => kind === 'record.declared');
      replayed.log.drafts[here] = { ...replayed.log.drafts[here], log: fact?.log ?? '' } as never;
      return replayed;
    },
  ),
  ...(
    [
      [
        'a fact left out',
        (made: Day) => {
          const gone = made.log.drafts.findIndex(({ body }) => String(body['call']).startsWith('m-4101'));
          const [{ body = {} } = {}] = made.log.drafts.splice(gone, 1);
          const digests = [body['args'], body['result']].flat();
          for (const each of made.log.disclosures)
            if (digests.includes(hashOf(each))) made.log.disclosures.delete(each);
          shiftIntents(made, false);
        },
      ],
      [
        'facts put in another order, and signed again',
        (made: Day) => {
          const at = made.log.drafts.findIndex(({ body }) => body['call'] === 'c-4101');
          made.log.drafts.splice(at - 1, 2, ...made.log.drafts.slice(at - 1, at + 1).reverse());
          shiftIntents(made, false);
        },
      ],
      [
        'a log that is opened twice',
        (made: Day) => {
          made.log.drafts.push(structuredClone(made.log.drafts[0]) as never);
          made.log.renumber();
        },
      ],
      [
        'a log that is opened as another',
        (made: Day) => Object.assign(made.log.drafts[0]?.body ?? {}, { origin: 'acme.example/other' }),
      ],
      [
        'a call intended twice',
        (made: Day) => {
          const intent = made.log.drafts.find(({ body }) => body['call'] === 'c-4101');
          made.log.drafts.push(structuredClone(intent) as never);
          made.log.renumber();
        },
      ],
      [
        'a settlement for the intent of another call',
        (made: Day) => {
          const settled = made.log.drafts.find(({ body }) => body['call'] === 'c-4101' && 'intent' in body);
          Object.assign(settled?.body ?? {}, { intent: 0 });
        },
      ],
      [
        'a policy whose hash is another',
        (made: Day) => {
          const policy = made.log.drafts.find(({ kind }) => kind === 'policy.activated')?.body ?? {};
          policy['cedar'] = { ...permit, principal: { op: 'All' } };
        },
      ],
      [
        'a call that names a policy which was never in force',
        (made: Day) => {
          const intent = made.log.drafts.find(({ body }) => body['call'] === 'c-4101')?.body ?? {};
          intent['policies'] = [hashOf('a better policy')];
        },
      ],
      [
        'a fact put in twice',
        (made: Day) => made.log.drafts.splice(4, 0, structuredClone(made.log.drafts[4]) as never),
      ],
      [
        'a rule whose hash is another',
        (made: Day) => {
          const rule = made.log.drafts.find(({ body }) => body['rule'] === 'four-eyes')?.body ?? {};
          rule['when'] = 'money > 99999999';
        },
      ],
      plantedAndUsed,
      [
        'a call settled twice',
        (made: Day) => {
          const settled = made.log.drafts.find(({ body }) => body['call'] === 'c-4101' && 'intent' in body);
          made.log.drafts.push(structuredClone(settled) as never);
          made.log.renumber();
        },
      ],
      [
        'a call whose action is another than its arguments',
        (made: Day) => {
          const intent = made.log.drafts.find(({ body }) => body['call'] === 'c-4101')?.body ?? {};
          intent['action'] = 'A'.repeat(43);
        },
      ],
    ] as const
  ).map(([name, edit]) =>
    mutant(
      name,
      'sequence',
      () => ({}),
      () => {
        const wrong = honestDay();
        edit(wrong);
        return wrong.close();
      },
    ),
  ),
  mutant('a disclosure of nothing in the log', 'disclosures', () => ({
    disclosures: [commitScalar('nice words', '', salt, sha256).disclosure],
  })),
  mutant(
    'an orphan taken out of the rows',
    'extracts',
    () => ({}),
    () => {
      const hidden = badDay();
      for (const [position, rows] of hidden.log.rows) hidden.log.rows.set(position, rows.slice(0, -1));
      return hidden;
    },
  ),
  mutant(
    'a row exchanged for another of the same amount',
    'extracts',
    () => ({}),
    () => {
      const exchanged = badDay();
      const [[position, rows] = [0, []]] = exchanged.log.rows;
      const row = { ...(parseDisclosure(rows.at(-1) ?? '').value as object), created_by: 'payroll-batch' };
      const { disclosure } = commitScalar(row, 'row', salt, sha256);
      exchanged.log.rows.set(position, [...rows.slice(0, -1), disclosure]);
      return exchanged;
    },
  ),
  mutant('a row put into the rows', 'extracts', (made) => {
    made.log.rows.set([...made.log.rows.keys()][0] ?? 0, [...withRow(made.log.rows).values()][0] as string[]);
    return {};
  }),
  mutant(
    'a control total that is too small',
    'extracts',
    () => ({}),
    () => {
      const lying = badDay();
      for (const { kind, body } of lying.log.drafts)
        if (kind === 'record.extracted' && Number(body['count']) > 0)
          body['totals'] = lying.log.replaced(body['totals'] as string[], { USD: 1 });
      return lying;
    },
  ),
  mutant(
    'an extract that counts a row more than it has',
    'extracts',
    () => ({}),
    () => {
      const lying = day();
      const first = lying.log.drafts.find(({ kind }) => kind === 'record.extracted')?.body ?? {};
      first['count'] = Number(first['count']) + 1;
      return lying;
    },
  ),
  mutant(
    'an extract that shows its rows and withholds their control totals',
    'extracts',
    () => ({}),
    () => {
      const silent = day();
      const first = silent.log.drafts.find(({ kind }) => kind === 'record.extracted')?.body ?? {};
      silent.log.forget(first['totals'] as string[]);
      return silent;
    },
  ),
  mutant(
    'a head that was kept of another log, with the same root',
    'earlier-head',
    () => ({}),
    day,
    async ({ log }) => {
      const { size, root } = headOf(log.origin, log.entries);
      const { publicKey, sign } = log.logKey;
      return { earlierHead: await signHead({ origin: 'acme.example/other', size, root }, publicKey, sign) };
    },
  ),
  mutant('rows of a fact that is no extract', 'extracts', () => ({
    extracts: (rows) => new Map(rows).set(1, [...withRow(rows).values()][0]?.slice(-1) ?? []),
  })),
];

/** Whatever the facts give as a reason: a statement that leaves it out is killed by `verdict` alone. */
const rosy: readonly Mutant[] = [...reconciledDays, ...guardedDays, ...changedDays, ...otherDays].map(
  ({ name, code, day: makeDay }) =>
    mutant(
      `\`proven\` claimed in spite of \`${code}\`: ${name}`,
      'verdict',
      () => ({
        statement: stating(({ judgement }) => {
          judgement['verdict'] = 'proven';
          judgement['questions'] = (judgement['questions'] as { question: string }[]).map((each) => ({
            ...each,
            verdict: 'proven',
            reasons: [],
          }));
        }),
      }),
      makeDay,
    ),
);

const rotated = rotatedMutants.map(({ name, check, day: makeDay, instead, options }) =>
  mutant(name, check, instead ?? (() => ({})), makeDay, options),
);

export const mutants: readonly Mutant[] = [
  ...signed,
  ...chained,
  ...succeeded,
  ...rotated,
  ...erasedMutants,
  ...rosy,
];
