// What is wrong with a contract beside others: what it was when somebody approved it, and the tools of other servers that
// the same agent sees.

import { serverOf } from '@surety/proof/changes';
import { canonicalJson } from '@surety/proof/records';
import { type ContractRead, isMembers, type Members } from './contract.ts';
import { type ContractFinding, type FindingCode, nativeOf, quoted, readAlone, textsOf } from './reading.ts';

export interface Beside {
  /** What was approved before, if it can be read. */
  readonly before?: ContractRead | undefined;
  /** All else that is listed, of every server. */
  readonly others: readonly ContractRead[];
  /** Contracts that were approved and are listed no more. */
  readonly gone?: readonly ContractRead[];
  /** Others were shown something else at the same time. */
  readonly isCloaked?: boolean;
}

/** Everything that can be said of a contract, in the order of the list of codes. */
export const findingsOf = (contract: ContractRead, beside: Beside): readonly ContractFinding[] => [
  ...readAlone(contract),
  ...crossReferences(contract, beside.others),
  ...preferences(contract),
  ...lookAlikes(contract, beside.others),
  ...renamed(contract, beside.gone ?? []),
  ...(beside.before === undefined ? [] : changes(beside.before, contract)),
  ...(beside.isCloaked === true
    ? [whole('cloaked', 'others were shown another contract at the same time')]
    : []),
];

const whole = (code: FindingCode, text: string): ContractFinding => ({ code, at: '', text });

/** Letters of other scripts that look like Latin ones, and digits that look like letters. */
const confusable = new Map(
  Object.entries({
    ...{
      а: 'a',
      е: 'e',
      о: 'o',
      р: 'p',
      с: 'c',
      х: 'x',
      у: 'y',
      і: 'i',
      ј: 'j',
      ѕ: 's',
      ԁ: 'd',
      һ: 'h',
      ӏ: 'l',
    },
    ...{ α: 'a', ο: 'o', ν: 'v', ρ: 'p', ι: 'i', κ: 'k', υ: 'u', τ: 't', ı: 'i', ɡ: 'g', '0': 'o', '1': 'l' },
  }),
);

/** What is left of a name when everything is taken away that a hurried reader does not see. */
export const skeletonOf = (name: string): string =>
  [...name.normalize('NFKC').toLowerCase()]
    .map((each) => confusable.get(each) ?? each)
    .join('')
    .replace(/[-_. ]/g, '');

/** The same name to a reader: on another server, or beside itself on its own. */
function lookAlikes(contract: ContractRead, others: readonly ContractRead[]): readonly ContractFinding[] {
  const own = nativeOf(contract.tool);
  if (own.includes('/')) return [];
  return others
    .filter(({ tool }) => tool !== contract.tool && skeletonOf(nativeOf(tool)) === skeletonOf(own))
    .filter(
      ({ tool }) =>
        serverOf(tool) === serverOf(contract.tool) || nativeOf(tool) !== own || isDistinctive(own),
    )
    .map(({ tool }) => whole('look-alike', `it can be taken for ${tool}`));
}

/** `send` on two servers is a coincidence that their names tell apart; `send_email` on two is one shadowing the other. */
const isDistinctive = (native: string): boolean => native.replace(/[^-_A-Z]/g, '').length > 0;

const word = (name: string): RegExp =>
  new RegExp(`(?<![\\w.-])${name.replace(/[^\w]/g, '\\$&')}(?![\\w-])`, 'u');

/** It speaks of a tool of another server: what a model then does there, nobody asked that server. */
function crossReferences(
  contract: ContractRead,
  others: readonly ContractRead[],
): readonly ContractFinding[] {
  const server = serverOf(contract.tool);
  const own = new Set(
    others.filter(({ tool }) => serverOf(tool) === server).map(({ tool }) => nativeOf(tool)),
  );
  own.add(nativeOf(contract.tool));
  const foreign = [
    ...new Set(others.filter(({ tool }) => serverOf(tool) !== server).map(({ tool }) => tool)),
  ];
  const said = textsOf(contract);
  const all = said.map(({ text }) => text).join('\n');
  return foreign.flatMap((tool): ContractFinding[] => {
    const native = nativeOf(tool);
    // A plain word such as `search` is in many a sentence.
    const isTelling = isDistinctive(native) && !own.has(native) && !native.includes('/');
    const names = [tool, ...(isTelling ? [native] : [])].filter((name) => all.includes(name)).map(word);
    const found =
      names.length === 0 ? undefined : said.find(({ text }) => names.some((each) => each.test(text)));
    return found === undefined
      ? []
      : [{ code: 'cross-reference', at: found.at, text: `it speaks of ${tool}, of another server` }];
  });
}

const preference =
  /\b(?:always|only|must) (?:use|call|prefer|choose) (?:this|\S{1,40}) (?:tool )?(?:instead of|rather than|over|before) (?:any|all|every|other)\b|\b(?:never|do not|don't) (?:use|call) (?:any |the )?other tools?\b|\binstead of (?:any|all) other\b/iu;

function preferences(contract: ContractRead): readonly ContractFinding[] {
  return textsOf(contract).flatMap(({ at, text }) => {
    const found = preference.exec(text)?.[0];
    return found === undefined
      ? []
      : [
          {
            code: 'preference',
            at,
            text: `it wants to be used in place of others: ${quoted(found)}`,
          } as const,
        ];
  });
}

/** The same tool under another name than the approved one that is gone. */
function renamed(contract: ContractRead, gone: readonly ContractRead[]): readonly ContractFinding[] {
  const body = bodyOf(contract);
  return gone
    .filter((each) => each.tool !== contract.tool && serverOf(each.tool) === serverOf(contract.tool))
    .filter((each) => bodyOf(each) === body)
    .map(({ tool }) => whole('renamed', `it is what was approved as ${tool}`));
}

const bodyOf = ({ listed }: ContractRead): string => canonicalJson({ ...listed, name: '', title: '' });

/** What a hint means where it is not given (MCP, ToolAnnotations); trust is raised by a change to the other value. */
const hints = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
} as const;

function changes(before: ContractRead, after: ContractRead): readonly ContractFinding[] {
  const [old, next] = [before, after].map(({ listed }) => annotationsOf(listed)) as [Members, Members];
  const raised = Object.entries(hints).flatMap(([hint, otherwise]): ContractFinding[] => {
    const [from, to] = [old[hint] ?? otherwise, next[hint] ?? otherwise];
    if (from === to || to === otherwise) return [];
    const text = `${hint} was ${String(from)} when it was approved, and is ${String(to)} now`;
    return [{ code: 'trust-raised', at: `/listed/annotations/${hint}`, text }];
  });
  return [
    ...raised,
    ...(isSame(before.server, after.server)
      ? []
      : [
          {
            code: 'instructions-changed',
            at: '/server',
            text: 'its server says something else of itself',
          } as const,
        ]),
    ...(isSame(before.launch, after.launch)
      ? []
      : [
          {
            code: 'launch-changed',
            at: '/launch',
            text: 'its server is started or reached in another way',
          } as const,
        ]),
  ];
}

const isSame = (before: unknown, after: unknown): boolean => canonicalJson(before) === canonicalJson(after);
const annotationsOf = ({ annotations }: Members): Members => (isMembers(annotations) ? annotations : {});
