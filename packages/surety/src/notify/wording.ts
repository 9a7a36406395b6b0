// What a notice says: ids, times and what to do, in plain text and as data. Names that somebody else could choose are
// reduced to letters that start no header, no markup and no link.

import type { Notice, Told } from './notices.ts';
import type { Message } from './owed.ts';

export interface Wording {
  /** One line of printable ASCII. */
  readonly subject: string;
  readonly text: string;
}

/** INVARIANT: nothing in it ends a line, opens a tag or makes a link. */
export const plain = (name: string): string => name.replace(/[^A-Za-z0-9@._+-]/g, '?').slice(0, 200);

const instant = (at: number): string => (at <= 8.64e15 ? new Date(at).toISOString() : 'never');

const closing =
  'Surety puts no amount, name or argument into a notice, and never asks for a key or a password.\n';

/** `pages`: the origin of the web pages, if people have some. */
export function wordingOf({ notices, form }: Message, pages?: string): Wording {
  const [first] = notices;
  if (form === 'gathered')
    return {
      subject: `[Surety] ${notices.length} approvals asked`,
      text: [
        `${notices.length} calls wait for your answer. You were asked often today, so these are asked about together.\n`,
        ...notices.map(
          ({ told }) => `  ${told.kind === 'hold' ? `${told.hold}  until ${instant(told.expires)}` : ''}`,
        ),
        `\nLook at each before you answer: surety approve REFERENCE${pages === undefined ? '' : `, or ${pages}/`}`,
        closing,
      ].join('\n'),
    };
  const { subject, lead, lines, next } = worded(first.told, pages);
  const table = lines.map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  return { subject: `[Surety] ${subject}`, text: [`${lead}\n`, ...table, `\n${next}\n`, closing].join('\n') };
}

interface Worded {
  readonly subject: string;
  readonly lead: string;
  readonly lines: readonly (readonly [string, string])[];
  readonly next: string;
}

function worded(told: Told, pages: string | undefined): Worded {
  if (told.kind === 'hold') {
    const { hold, tool, agent, user, approve, expires } = told;
    return {
      subject: `Approval asked: ${plain(hold)}`,
      lead: `A call waits until people of ${approve.function} have approved it, or somebody who may answer for them. You may.`,
      lines: [
        ['Reference', plain(hold)],
        ['Tool', plain(tool)],
        ['Agent', plain(agent)],
        ...(user === undefined ? [] : ([['For', plain(user)]] as const)),
        ['Needed', `${approve.count} of ${approve.function}`],
        ['Until', instant(expires)],
      ],
      next: `Look at it and answer: surety approve ${plain(hold)}${pages === undefined ? '' : `, or ${pages}/approve/${encodeURIComponent(hold)}`}`,
    };
  }
  if (told.kind === 'breach')
    return {
      subject: `Violated: ${plain(told.outcome)}`,
      lead: `A verdict says that the outcome ${plain(told.outcome)}, which you answer for, is violated.`,
      lines: [
        ['Outcome', plain(told.outcome)],
        ['From', instant(told.from)],
        ['To', instant(told.to)],
      ],
      next: `See why: surety verdict ${plain(told.outcome)}`,
    };
  if (told.kind === 'change')
    return {
      subject: `Signature asked: ${plain(told.change)}`,
      lead: 'A change that weakens what an outcome of yours relies on waits for your signature.',
      lines: [
        ['Reference', plain(told.change)],
        ['Changes', plain(told.stream.replaceAll('/', '.'))],
      ],
      next: `See what it changes: surety changes. To let it: surety sign ${plain(told.change)}`,
    };
  const { is, name } = told.scope;
  return {
    subject: `Contained: ${plain(told.order)}`,
    lead: 'Surety has contained this by itself, because a verdict found a breach.',
    lines: [
      ['Contained', name === undefined ? is : `${is} ${plain(name)}`],
      ['Order', plain(told.order)],
    ],
    next: `It ends when somebody lifts it: surety lift ${plain(told.order)}`,
  };
}

/** As data, for a program: what the text says. */
export function dataOf({ notices, form }: Message): {
  readonly type: string;
  readonly timestamp: string;
  readonly data: object;
} {
  const [first] = notices;
  const [last = first] = notices.toReversed();
  return {
    type: `surety.${first.told.kind}`,
    timestamp: instant(last.at),
    data: { form, notices: notices.map(dataOfOne) },
  };
}

function dataOfOne({ told, position }: Notice): object {
  const { kind, ...rest } = told;
  const times = Object.entries(rest).map(([name, value]) => [
    name,
    ['expires', 'from', 'to'].includes(name) ? instant(value as number) : value,
  ]);
  return { kind, fact: position, ...Object.fromEntries(times) };
}
