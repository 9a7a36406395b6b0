// The verifier as a page: takes a proof by file picker, checks it here, and says what it found.
// The same code as everywhere (`src/verify.ts`) with the portable SHA-256; no network, no storage.
// A proof may come from anybody: whatever stands in it enters the page as text, never as markup.

import { sha256 } from '@surety/proof/records';
import {
  asks,
  erasedInWords,
  headings,
  instant,
  marks,
  rowsInWords,
  termsOf,
  words,
} from '@surety/proof/report';
import type { Answer, Judgement } from '@surety/proof/verdict';
import { blobSource, type Check, parseTrust, type Verification, verify } from '@surety/proof/verify';

type Child = Node | string;

/** What each check asks, in plain words. */
const questionsOfChecks: Readonly<Record<string, string>> = {
  container: 'The file is one canonical container, with nothing hidden in it',
  manifest: 'Every file in it is the one that was signed',
  'statement-signature': 'The statement is signed by the statement key',
  'head-signature': 'The head of the ledger is signed by the log key',
  root: 'All facts hash to the signed head',
  origin: 'Every fact belongs to this ledger',
  succession: 'Where the ledger went on under another name, it goes on from what was there',
  sequence: 'No fact contradicts another or its place',
  rotations: 'Every key that took over was handed over to by the key before it',
  disclosures: 'Every disclosed value belongs to a fact',
  extracts: "The record's rows and totals are those recorded",
  'earlier-head': 'The ledger extends the head that you kept',
  window: "The window is one of the outcome's own",
  verdict: 'Computed again from the facts, the verdict is the same',
  report: 'The report is what the facts give',
  population: 'The population is what the facts give',
  layout: 'All files of a proof are there, and no other',
  facts: 'Every entry of the ledger is a fact',
  statement: 'The statement is one about an outcome',
  readable: 'The facts can be read',
};

function element(tag: string, className: string, ...children: readonly Child[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

const mark = (of: string): HTMLElement => {
  const made = element('span', 'mark', marks[of] ?? '');
  made.setAttribute('aria-hidden', 'true');
  return made;
};

const time = (at: number): HTMLElement => element('time', '', instant(at));

const definitions = (entries: readonly (readonly [term: string, ...value: Child[]])[]): HTMLElement =>
  element(
    'dl',
    '',
    ...entries.map(([term, ...value]) =>
      element('div', '', element('dt', '', term), element('dd', '', ...value)),
    ),
  );

const list = (className: string, items: readonly HTMLElement[]): HTMLElement =>
  element('ul', className, ...items);
const section = (heading: string, ...children: readonly Child[]): HTMLElement =>
  element('section', '', element('h2', '', heading), ...children);

function checkLine({ check, ok, text }: Check, options: { readonly keptHead: boolean }): HTMLElement {
  const skipped = check === 'earlier-head' && !options.keptHead;
  const name = skipped
    ? 'No earlier head was given: cuts and forks before this head cannot be told'
    : (questionsOfChecks[check] ?? check);
  const item = element(
    'li',
    ok ? (skipped ? 'skipped' : 'proven') : 'violated',
    element('span', 'mark', ok ? (skipped ? '–' : '✓') : '✕'),
    ` ${name} `,
    element('code', '', check),
  );
  if (!ok) item.append(element('p', 'remedy', text));
  return item;
}

function answerCard({ question, verdict, grade, otherwise, reasons }: Answer): HTMLElement {
  const would = otherwise === undefined || otherwise === verdict ? '' : `otherwise ${otherwise}, `;
  const card = element(
    'article',
    verdict,
    element('h3', '', mark(verdict), ` ${asks[question]}`),
    element(
      'p',
      'answer',
      element('strong', '', `${question}: ${verdict}`),
      ' ',
      element('small', '', `${would}grade: ${grade}`),
    ),
  );
  const items = reasons.map(({ code, text, who, remedy, facts }) =>
    element(
      'li',
      '',
      element('p', '', text),
      element(
        'p',
        'remedy',
        element('code', '', code),
        ` ${who.join(', ') || 'nobody'} can end it: ${remedy}${facts.length === 0 ? '' : `. Facts ${facts.join(', ')}`}`,
      ),
    ),
  );
  if (items.length > 0) card.append(list('', items));
  return card;
}

function judgementParts(judgement: Judgement): HTMLElement[] {
  const { questions, assumptions, erased } = judgement;
  return [
    ...(erased === undefined
      ? []
      : [section('What was erased', ...erasedInWords(erased).map((each) => element('p', '', each)))]),
    ...headings.map(([heading, names]) =>
      section(heading, ...questions.filter(({ question }) => names.includes(question)).map(answerCard)),
    ),
    section(
      'What was judged',
      list(
        'terms',
        termsOf(judgement).map(({ says, exact }) =>
          element('li', '', `${says}.`, ...exact.map((each) => element('code', 'exact', each))),
        ),
      ),
    ),
    section(
      'What is assumed',
      list(
        '',
        assumptions.map(({ text, who }) =>
          element('li', '', text, ' ', element('small', '', `(${who} answers for it)`)),
        ),
      ),
    ),
  ];
}

function summary({ judgement, ...found }: Verification): HTMLElement {
  if (judgement === undefined)
    return element('p', '', 'At least one check failed. Nothing else in the file counts.');
  const { window, owner, rung, grade, head, figures } = judgement;
  const { pinned, witnessed, withheld, quorum, limits, followed } = found;
  const whose =
    followed.length === 0
      ? 'keys that you brought'
      : `keys that yours handed over to: ${followed.join(', ')}`;
  const witnesses = witnessed.map(
    ({ witness, pinned: known }) => `${witness}${known ? '' : ' (whose key you did not bring)'}`,
  );
  return definitions([
    ['Window', time(window.from), ' to ', time(window.to)],
    ['Answers for it', owner],
    ['Signed by', pinned ? whose : 'keys taken from the proof itself: bring a trust file'],
    ['Witnessed by', witnesses.join(', ') || 'nobody'],
    ...(quorum === undefined ? [] : [['Your quorum', quorumWords(quorum)] as const]),
    ['Completeness', found.rung === rung ? rung : `${found.rung} (the facts give ${rung})`],
    ...limits.map(({ text, remedy }) => ['Lowered', `${text}: ${remedy}`] as const),
    ['Weakest grade', grade],
    ['Rows in the record', rowsInWords(figures)],
    ['Facts', `${head.size}, ${withheld} values withheld`],
  ]);
}

const quorumWords = ({ name, reached, missing }: NonNullable<Verification['quorum']>): string =>
  `${name}: ${reached ? 'reached' : 'not reached'}${missing.length === 0 ? '' : `, not cosigned by ${missing.join(', ')}`}`;

function show(result: HTMLElement, verification: Verification, keptHead: boolean): void {
  const { verdict, checks, judgement } = verification;
  const heading = element('h2', 'verdict', mark(verdict), ` ${words[verdict] ?? verdict}`);
  heading.tabIndex = -1;
  result.className = verdict;
  result.dataset['verdict'] = verdict;
  const failed = checks.some(({ ok }) => !ok);
  result.replaceChildren(
    heading,
    ...(judgement === undefined || failed ? [] : [element('p', 'statement', judgement.statement)]),
    summary(verification),
    section(
      failed ? 'What was checked, and failed' : 'What was checked',
      list(
        'checks',
        checks.map((check) => checkLine(check, { keptHead })),
      ),
    ),
    ...(judgement === undefined || failed ? [] : judgementParts(judgement)),
  );
  heading.focus();
}

function problem(result: HTMLElement, text: string): void {
  result.className = 'violated';
  delete result.dataset['verdict'];
  result.replaceChildren(element('p', 'problem', text));
}

const input = (id: string): HTMLInputElement => document.getElementById(id) as HTMLInputElement;

/** Each choice starts anew; of two that overlap, the later one is shown. */
let latest = 0;

async function check(): Promise<void> {
  const result = document.getElementById('result') as HTMLElement;
  const [proof, trust, head] = ['proof', 'trust', 'head'].map((id) => input(id).files?.[0]);
  if (proof === undefined) return;
  latest += 1;
  const mine = latest;
  result.className = '';
  result.replaceChildren(element('p', '', `Checking ${proof.name} …`));
  try {
    const verification = await verify(blobSource(proof), {
      sha256,
      ...(trust === undefined ? {} : { trust: parseTrust(new Uint8Array(await trust.arrayBuffer())) }),
      ...(head === undefined ? {} : { earlierHead: await head.text() }),
    });
    if (mine === latest) show(result, verification, head !== undefined);
  } catch (error) {
    if (mine === latest) problem(result, `It could not be checked: ${(error as Error).message}`);
  }
}

/** A dropped zip is a proof, a file that begins like a head is one, any other text is the trust file. */
async function dropped(files: readonly File[]): Promise<void> {
  for (const file of files) {
    const start = new TextDecoder().decode(await file.slice(0, 4_096).arrayBuffer());
    const id =
      start.startsWith('PK') || file.name.endsWith('.zip')
        ? 'proof'
        : start.includes('\n\n— ')
          ? 'head'
          : 'trust';
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input(id).files = transfer.files;
  }
  await check();
}

for (const id of ['proof', 'trust', 'head']) input(id).addEventListener('change', () => void check());
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dragging');
});
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dragging');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dragging');
  void dropped([...(event.dataTransfer?.files ?? [])]);
});
