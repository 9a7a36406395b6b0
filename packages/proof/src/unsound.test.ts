// What is no proof at all, and the property that nothing in one can be changed unnoticed.

import { describe, expect, it } from 'vitest';
import { filesIn, zipOf } from './bundle/files.fixture.ts';
import { utf8 } from './records/index.ts';
import { honestDay, sha256 } from './verify.fixture.ts';
import { verify } from './verify.ts';

describe('what is no proof', () => {
  const broken = async (change: (proof: Uint8Array) => Uint8Array | Promise<Uint8Array>) => {
    const made = honestDay().close();
    const proof = await change(await made.proof());
    const { verdict, checks } = await verify(proof, { sha256, trust: made.trust });
    return { verdict, check: checks.map(({ check }) => check) };
  };
  /** The file replaced, taken out, or put in before the statement. */
  const withFile = (name: string, text: string | undefined) => async (proof: Uint8Array) => {
    const files = await filesIn(proof);
    const at = files.findIndex((file) => file.name === name);
    const made = text === undefined ? [] : [{ name, bytes: utf8(text) }];
    return zipOf(files.toSpliced(at === -1 ? files.length - 1 : at, at === -1 ? 0 : 1, ...made));
  };

  it.each<[string, string, (proof: Uint8Array) => Uint8Array | Promise<Uint8Array>]>([
    ['bytes behind the end', 'container', (proof) => Uint8Array.of(...proof, 0)],
    ['nothing', 'container', () => new Uint8Array()],
    ['a file too many', 'layout', withFile('extra.txt', 'x')],
    ['no report', 'layout', withFile('report.html', undefined)],
    ['no page', 'layout', withFile('verify.html', undefined)],
    ['a cut line', 'layout', withFile('disclosures/000/0.jsonl', 'x')],
    ['a head of another form', 'layout', withFile('head', 'x')],
    ['a statement that is none', 'statement', withFile('statement.dsse.json', '{}')],
    ['a statement that is not JSON', 'statement', withFile('statement.dsse.json', 'x')],
  ])('%s: %s', async (_, check, change) => {
    expect(await broken(change)).toEqual({ verdict: 'unsound', check: [check] });
  });

  it('an entry that is no fact: facts', async () => {
    const made = honestDay().close();
    // The first entry's opening brace: everything else is as it was, the entry is not JSON.
    const files = (await filesIn(await made.proof())).map(({ name, bytes }) => {
      const changed = bytes.slice();
      if (name.startsWith('tile/entries/')) changed[2] = 0x5b;
      return { name, bytes: changed };
    });
    const proof = await zipOf(files);
    const { verdict, checks } = await verify(proof, { sha256, trust: made.trust });
    expect([verdict, checks[0]?.check]).toEqual(['unsound', 'facts']);
  });

  it('a statement of an outcome that is not declared: facts', async () => {
    const made = honestDay().close();
    const proof = await made.proof({
      statement: (text) => text.replaceAll('"supplier-payments"', '"other"'),
    });
    const { checks } = await verify(proof, { sha256, trust: made.trust });
    expect(checks.map(({ check }) => check)).toEqual(['facts']);
  });
});

describe('any single byte', () => {
  it('changed in the file is caught', async () => {
    const made = honestDay().close();
    const proof = await made.proof();
    for (let sample = 0; sample < 300; sample += 1) {
      const offset = Math.floor((sample * proof.length) / 300);
      const changed = proof.slice();
      changed[offset] = (changed[offset] as number) ^ (1 << (sample % 8));
      const { verdict } = await verify(changed, { sha256, trust: made.trust });
      expect(verdict, `byte ${offset}`).toBe('unsound');
    }
  });

  it('changed in a file inside, with the container made again, is caught', async () => {
    const made = honestDay().close();
    const files = await filesIn(await made.proof());
    const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    for (let sample = 0; sample < 120; sample += 1) {
      let offset = Math.floor((sample * total) / 120);
      const changed = files.map(({ name, bytes }) => {
        const here = offset >= 0 && offset < bytes.length ? bytes.slice() : bytes;
        if (here !== bytes) here[offset] = (here[offset] as number) ^ (1 << (sample % 8));
        offset -= bytes.length;
        return { name, bytes: here };
      });
      const proof = await zipOf(changed);
      const { verdict } = await verify(proof, { sha256, trust: made.trust });
      expect(verdict, `sample ${sample}`).toBe('unsound');
    }
  });
});
