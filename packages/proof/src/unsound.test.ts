// What is no proof at all, and the property that nothing in one can be changed unnoticed.

import { describe, expect, it } from 'vitest';
import { openProof, writeProof } from './bundle/contents.ts';
import { readZip } from './bundle/zip.ts';
import { utf8 } from './records/index.ts';
import { honestDay, sha256 } from './verify.fixture.ts';
import { verify } from './verify.ts';

describe('what is no proof', () => {
  const broken = async (change: (proof: Uint8Array) => Uint8Array) => {
    const made = honestDay().close();
    const { verdict, checks } = await verify(change(await made.proof()), { sha256, trust: made.trust });
    return { verdict, check: checks.map(({ check }) => check) };
  };
  const withFile = (name: string, text: string | undefined) => (proof: Uint8Array) => {
    const others = readZip(proof).filter((file) => file.name !== name);
    const statement = others.find((file) => file.name === 'statement.dsse.json');
    const files = others.filter((file) => file !== statement);
    const envelope =
      name === 'statement.dsse.json' ? (text ?? '') : new TextDecoder().decode(statement?.bytes);
    return writeProof(
      text === undefined || name === 'statement.dsse.json' ? files : [...files, { name, bytes: utf8(text) }],
      envelope,
    );
  };

  it.each<[string, string, (proof: Uint8Array) => Uint8Array]>([
    ['bytes behind the end', 'container', (proof) => Uint8Array.of(...proof, 0)],
    ['nothing', 'container', () => new Uint8Array()],
    ['a file too many', 'layout', withFile('extra.txt', 'x')],
    ['no report', 'layout', withFile('report.html', undefined)],
    ['no page', 'layout', withFile('verify.html', undefined)],
    ['a cut line', 'layout', withFile('disclosures.jsonl', 'x')],
    ['a head of another form', 'layout', withFile('head', 'x')],
    ['a statement that is none', 'statement', withFile('statement.dsse.json', '{}')],
    ['a statement that is not JSON', 'statement', withFile('statement.dsse.json', 'x')],
  ])('%s: %s', async (_, check, change) => {
    expect(await broken(change)).toEqual({ verdict: 'unsound', check: [check] });
  });

  it('an entry that is no fact: facts', async () => {
    const made = honestDay().close();
    made.log.drafts.push(structuredClone(made.log.drafts[1]) as never);
    made.log.renumber();
    const entries = made.log.entries;
    const good = made.log.drafts.pop() && (await made.proof());
    const files = openProof(good as Uint8Array, sha256);
    expect(files.facts.length).toBe(entries.length - 1);
    const bundle = readZip(good as Uint8Array).find(({ name }) => name.startsWith('tile/entries/'));
    const bytes = bundle?.bytes.slice() ?? new Uint8Array();
    // The first entry's opening brace: everything is signed again, the entry is not JSON.
    bytes[2] = 0x5b;
    const all = readZip(good as Uint8Array).map((file) =>
      file.name === bundle?.name ? { ...file, bytes } : file,
    );
    const envelope = all.find(({ name }) => name === 'statement.dsse.json');
    const rest = all.filter((file) => file !== envelope);
    const proof = writeProof(rest, new TextDecoder().decode(envelope?.bytes));
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
    const files = readZip(await made.proof());
    const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    for (let sample = 0; sample < 120; sample += 1) {
      let offset = Math.floor((sample * total) / 120);
      const changed = files.map(({ name, bytes }) => {
        const here = offset >= 0 && offset < bytes.length ? bytes.slice() : bytes;
        if (here !== bytes) here[offset] = (here[offset] as number) ^ (1 << (sample % 8));
        offset -= bytes.length;
        return { name, bytes: here };
      });
      const envelope = changed.find(({ name }) => name === 'statement.dsse.json')?.bytes ?? new Uint8Array();
      let proof: Uint8Array;
      try {
        const text = new TextDecoder('utf-8', { fatal: true }).decode(envelope);
        proof = writeProof(
          changed.filter(({ name }) => name !== 'statement.dsse.json'),
          text,
        );
      } catch {
        continue;
      }
      const { verdict } = await verify(proof, { sha256, trust: made.trust });
      expect(verdict, `sample ${sample}`).toBe('unsound');
    }
  });
});
