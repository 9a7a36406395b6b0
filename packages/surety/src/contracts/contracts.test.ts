// What is one contract and what is another, what is found wrong with one and what is not, and that a server which lists
// something else each time fills nothing.

import { type Content, contentOf } from '@surety/proof/changes';
import { canonicalJson, parseJson } from '@surety/proof/records';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { findingsOf } from './comparing.ts';
import { type Contract, contractOf, type Members, readContract } from './contract.ts';
import { Contracts } from './contracts.ts';
import { contract, type Made, pairs, spellings } from './findings.fixture.ts';
import { shownWhole } from './hidden.ts';
import { findingCodes } from './reading.ts';

const codesOf = ({ now, others = [], ...rest }: Made) =>
  findingsOf(now, { others, ...rest }).map(({ code }) => code);
const of = (listed: string, described: Members = {}): Contract => {
  const made = contractOf({ tool: 'erp.pay', launch: {}, described, listed: parseJson(listed) as Members });
  if (made === undefined) throw new Error('it has no canonical form');
  return made;
};

describe('a finding', () => {
  it.each(pairs)('$rule: $code is found', ({ code, fires }) => expect(codesOf(fires)).toContain(code));
  it.each(pairs)('$rule: $code is not found one step away', ({ code, not }) =>
    expect(codesOf(not)).not.toContain(code),
  );

  it('of each code has a pair', () => {
    expect(new Set(pairs.map(({ code }) => code))).toEqual(new Set(findingCodes));
  });

  it('is not made of a tool that says plainly what it does', () => {
    const described = {
      description: 'Reads a file from the folder. Only works within allowed directories.',
      inputSchema: {
        type: 'object',
        properties: {
          path: { type: 'string', description: 'Path below the folder' },
          head: { type: 'number' },
        },
        required: ['path'],
      },
      annotations: { readOnlyHint: true },
    };
    expect(
      codesOf({ now: contract('files.read_text_file', described), others: [contract('files.write_file')] }),
    ).toEqual([]);
  });

  it('says what hidden tags spell', () => {
    const hidden = [...'read me']
      .map((each) => String.fromCodePoint(0xe0000 + (each.codePointAt(0) ?? 0)))
      .join('');
    const [found] = findingsOf(contract('erp.pay', { description: `Pays.${hidden}` }), { others: [] });
    expect(found).toMatchObject({
      code: 'hidden-text',
      at: '/listed/description',
      text: expect.stringContaining('"read me"'),
    });
  });

  it('takes no longer than its text is long, whatever its server wrote', () => {
    const long = 200_000;
    const texts = [
      '<',
      '< ',
      '<!--',
      '[ ',
      ' ',
      '\n',
      '\n ',
      '~',
      '/home/',
      'a_',
      'always use ',
      'do not tell ',
      '\u200b',
      '\u{e0041}',
      '/.ssh',
      'before you use this tool ',
    ];
    for (const text of texts)
      findingsOf(contract('erp.pay', { description: text.repeat(long / text.length) }), {
        others: [contract('mail.send_mail')],
      });
  });
});

describe('D1, D3: a contract', () => {
  it.each(spellings)('%s', (_, before, after, isSame) => {
    expect(of(before).hash === of(after).hash).toBe(isSame);
  });

  it('D6: is another with other instructions, and the same with another version of its server', () => {
    const [a, b, c] = [
      of('{"name":"pay"}', {
        serverInfo: { name: 'x', version: '1.0.0' },
        instructions: 'Amounts are in cents.',
      }),
      of('{"name":"pay"}', {
        serverInfo: { name: 'x', version: '1.0.1' },
        instructions: 'Amounts are in cents.',
      }),
      of('{"name":"pay"}', {
        serverInfo: { name: 'x', version: '1.0.0' },
        instructions: 'Amounts are in euros.',
      }),
    ] as const;
    expect([a.hash === b.hash, a.hash === c.hash]).toEqual([true, false]);
  });

  it('is none where a text has no canonical form', () => {
    const listed = { name: 'pay', description: '\ud800' };
    expect(contractOf({ tool: 'erp.pay', launch: {}, described: {}, listed })).toBeUndefined();
  });

  it('can be read again, and is the same then', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (text) => {
        const listed = { name: 'pay', extra: JSON.parse(text) as unknown };
        const made = contractOf({ tool: 'erp.pay', launch: {}, described: {}, listed });
        if (made !== undefined) expect(canonicalJson(readContract(made.text))).toBe(made.text);
      }),
    );
  });
});

test('what is shown has no character left that nobody sees', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(shownWhole(text)).not.toMatch(/[\p{Cf}\p{Cs}\p{Variation_Selector}\u3164]|(?![\n\t])\p{Cc}/u);
    }),
  );
  expect(shownWhole('a\u202eb\ufe0f')).toBe('a⟨U+202E⟩b⟨U+FE0F⟩');
});

describe('what was seen', () => {
  const body = { server: 'erp', transport: 'stdio', definition: 'D', pins: 'required' };
  const standing = new Map<string, Content>([['server/erp', contentOf('server.declared', body)]]);
  const opened = () => new Contracts({ standing: () => standing, logSalt: new Uint8Array(16) });
  const said = (nth: number) => of(`{"name":"pay","description":"${nth}"}`);

  it('is recorded once', () => {
    const contracts = opened();
    expect(contracts.newIn({ server: 'erp', contracts: [said(1)] })).toHaveLength(1);
    expect(contracts.newIn({ server: 'erp', contracts: [said(1)] })).toEqual([]);
    expect(contracts.newIn({ server: 'erp', contracts: [said(2)] })).toHaveLength(1);
  });

  it('is recorded twenty times of a tool that is another each time, and again after an approval', () => {
    const contracts = opened();
    const recorded = () =>
      Array.from({ length: 50 }, (_, nth) =>
        contracts.newIn({ server: 'erp', contracts: [said(nth)] }),
      ).flat();
    expect(recorded()).toHaveLength(20);
    expect(recorded()).toHaveLength(0);
    const approved = { contracts: [{ tool: 'erp.pay', contract: contracts.named(said(1).hash) }] };
    contracts.apply({
      kind: 'contract.approved',
      position: 1,
      time: 1,
      body: { ...approved, person: 'a@b', function: 'security', at: 1 },
    } as never);
    expect(recorded()).toHaveLength(20);
  });

  it('is recorded again where it could not be', () => {
    const contracts = opened();
    const facts = contracts.newIn({ server: 'erp', contracts: [said(1)] });
    contracts.forget(facts);
    expect(contracts.newIn({ server: 'erp', contracts: [said(1)] })).toHaveLength(1);
  });

  it('D7: says what others were shown at the same time, if that was something else', () => {
    const [mine, theirs] = [said(1), said(2)];
    const seen = (beside: string) =>
      opened().newIn({
        server: 'erp',
        contracts: [mine],
        agent: 'clerk',
        beside: new Map([['erp.pay', beside]]),
      })[0];
    expect(seen(theirs.hash)).toMatchObject({
      agent: 'clerk',
      body: { beside: opened().named(theirs.hash) },
    });
    expect(seen(mine.hash)?.body).not.toHaveProperty('beside');
  });

  it('can be approved only if it is kept', () => {
    const contracts = opened();
    const large = of(`{"name":"pay","description":"${'x'.repeat(300_000)}"}`);
    const [fact] = contracts.newIn({ server: 'erp', contracts: [large] });
    expect(fact).toMatchObject({ body: { whole: [], tooLarge: true } });
    expect(contracts.isReadable('erp.pay', contracts.named(large.hash))).toBe(false);
  });
});
