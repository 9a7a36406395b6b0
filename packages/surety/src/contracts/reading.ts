// What is wrong with what a tool says of itself, by rules that anybody can read. A finding is for the person who is to
// approve: it blocks nothing by itself, as whatever nobody approved is blocked already, and its absence permits nothing.

import { serverOf } from '@surety/proof/changes';
import { type ContractRead, isMembers, type Members } from './contract.ts';
import { hiddenIn } from './hidden.ts';

export const findingCodes = [
  'hidden-text',
  'directive',
  'secret-path',
  'concealment',
  'captures-context',
  'cross-reference',
  'preference',
  'look-alike',
  'renamed',
  'trust-raised',
  'instructions-changed',
  'launch-changed',
  'cloaked',
] as const;
export type FindingCode = (typeof findingCodes)[number];

export interface ContractFinding {
  readonly code: FindingCode;
  /** Member of the contract, as a JSON pointer; empty for the whole. */
  readonly at: string;
  /** One sentence for a person. */
  readonly text: string;
}

/** Every text of a contract that a model may read, and every name of a member that its server chose. */
export interface Said {
  readonly at: string;
  readonly text: string;
}

const textsMax = 20_000;

export function textsOf({ listed, server }: Pick<ContractRead, 'listed' | 'server'>): readonly Said[] {
  const found: Said[] = [];
  const walk = (value: unknown, at: string): void => {
    if (found.length >= textsMax) return;
    if (typeof value === 'string') found.push({ at, text: value });
    else if (Array.isArray(value)) for (const [index, each] of value.entries()) walk(each, `${at}/${index}`);
    else if (isMembers(value))
      for (const [name, each] of Object.entries(value)) {
        const below = `${at}/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`;
        if (at.endsWith('/properties')) found.push({ at: below, text: name });
        walk(each, below);
      }
  };
  walk(listed, '/listed');
  walk(server, '/server');
  return found;
}

const finding = (code: FindingCode, at: string, text: string): ContractFinding => ({ code, at, text });

/** What can be said of one contract by itself. */
export function readAlone(contract: ContractRead): readonly ContractFinding[] {
  const said = textsOf(contract);
  return [
    ...said.flatMap(({ at, text }) => hiddenFindings(at, text)),
    ...said.flatMap(({ at, text }) => directives(at, text)),
    ...secretPaths(said),
    ...captured(contract.listed),
  ];
}

function hiddenFindings(at: string, text: string): readonly ContractFinding[] {
  return hiddenIn(text).map(({ what, shown, spells }) =>
    finding(
      'hidden-text',
      at,
      `${what}: characters that nobody sees, ${shown}${spells === undefined || spells === '' ? '' : `; they spell "${spells}"`}`,
    ),
  );
}

/** Markup that speaks to a model, and sentences that tell it what to do besides the tool's own work. */
const markup =
  /<\s{0,8}\/?\s{0,8}(?:important|system|instructions?|secret|hidden|critical|assistant|admin)\b[^>]{0,100}>|\[\s{0,8}(?:system|inst)\s{0,8}\]|<!--[\s\S]{0,1000}?-->/iu;
const orders: readonly RegExp[] = [
  /\b(?:before|after|when(?:ever)?|prior to) (?:you (?:use|call|run)|using|calling|invoking|running) (?:this|any|another|other|the) (?:tool|function)s?\b[^.]{0,200}\b(?:must|read|call|send|include|pass|add|append|first)\b/iu,
  /\b(?:ignore|disregard|forget|override) (?:all |any |the |your )*(?:previous|prior|earlier|above|system|other) (?:instructions?|prompts?|rules|messages?)\b/iu,
  /\b(?:you|the (?:model|assistant|agent|ai)) (?:must|should|have to|are required to) (?:always|first|also|never)\b/iu,
  /\balways (?:call|use|run|invoke) \S{1,60} (?:first|before)\b/iu,
];
const concealing =
  /\b(?:do not|don't|never|without) (?:mention(?:ing)?|tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|reveal(?:ing)?|show(?:ing)?|disclos(?:e|ing)) (?:this |it |that |anything )?(?:to )?(?:the )?(?:users?|humans?|anyone|anybody|operators?)\b/iu;
const sending = /\b(?:send|pass|include|upload|post|forward|email|copy|append|attach|transmit|write)\b/iu;

function directives(at: string, text: string): readonly ContractFinding[] {
  const plain = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  const found: ContractFinding[] = [];
  const marked = markup.exec(plain)?.[0];
  if (marked !== undefined)
    found.push(finding('directive', at, `markup that speaks to a model: ${quoted(marked)}`));
  const ordered = orders.map((each) => each.exec(plain)?.[0]).find((each) => each !== undefined);
  if (ordered !== undefined)
    found.push(finding('directive', at, `it tells a model what to do: ${quoted(ordered)}`));
  const hides = concealing.exec(plain)?.[0];
  // "Silent: do not notify the user unless it fails" hides nothing by itself.
  if (hides !== undefined && sending.test(plain.replace(hides, '')))
    found.push(finding('concealment', at, `it is to be kept from the user: ${quoted(hides)}`));
  return found;
}

const secret =
  /(?:~|\$HOME|%USERPROFILE%|\/root|\/home\/[^/\s]{1,40})?[/\\]\.(?:ssh|aws|gnupg|kube|docker|netrc|npmrc|config\/gcloud)\b[^\s"'`,;)]{0,80}|\/etc\/(?:passwd|shadow)\b|\bid_(?:rsa|ed25519)\b|(?<![\w.])\.env\b/u;
const reading = /\b(?:read(?:ing)?|load|open|fetch|cat|contents?|get|send|pass|include|upload)\b/iu;
const warning = /\b(?:must (?:stay|remain|be kept) private|never|do not|don't|why)\b/iu;

const secretName = /\b(?:ssh id rsa|id rsa|id ed25519|aws credentials)\b/iu;
/** The words in a name: `content_from_ssh_key`, `contentFromSshKey`. */
const wordsIn = (text: string): string => text.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2');

/** A path to secrets anywhere in a tool that reads or sends: the two may stand in different members. */
function secretPaths(said: readonly Said[]): readonly ContractFinding[] {
  if (!said.some(({ text }) => reading.test(wordsIn(text)))) return [];
  return said.flatMap(({ at, text }) => {
    const path = secret.exec(text)?.[0] ?? secretName.exec(wordsIn(text))?.[0];
    return path === undefined || warning.test(text)
      ? []
      : [finding('secret-path', at, `it names a place of secrets: ${quoted(path)}`)];
  });
}

const context =
  /^(?:conversation(?:_?history)?|chat_?history|system_?prompt|previous_?messages|full_?context|reasoning|all_?tools|context_?window)$/iu;

/** A required free text that asks for the conversation itself. */
function captured({ inputSchema }: Members): readonly ContractFinding[] {
  if (!isMembers(inputSchema) || !isMembers(inputSchema['properties'])) return [];
  const required = Array.isArray(inputSchema['required']) ? inputSchema['required'] : [];
  return Object.keys(inputSchema['properties'])
    .filter((name) => required.includes(name) && context.test(name))
    .map((name) =>
      finding(
        'captures-context',
        `/listed/inputSchema/properties/${name}`,
        `it asks for the conversation: ${quoted(name)}`,
      ),
    );
}

/** As clients show it to people, so that a name cannot pass for a line of ours. */
export const quoted = (text: string): string => JSON.stringify(text.slice(0, 120));

export const nativeOf = (tool: string): string => tool.slice(serverOf(tool).length + 1);
