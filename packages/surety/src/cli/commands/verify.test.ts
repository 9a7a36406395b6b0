import { readFileSync } from 'node:fs';
import { isQuorum, NOTE_COSIGNATURE, NOTE_ED25519, printVerifier, verifier } from '@surety/proof/records';
import { parseTrust } from '@surety/proof/verify';
import { describe, expect, test } from 'vitest';

const key = (name: string, type: typeof NOTE_ED25519 | typeof NOTE_COSIGNATURE, first: number): string =>
  printVerifier(verifier(name, type, new Uint8Array(32).fill(first)));
const log = key('acme.example/log', NOTE_ED25519, 1);
const statement = key('acme.example/statement', NOTE_ED25519, 2);
const witness = key('witness.example', NOTE_COSIGNATURE, 3);

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a trust file', () => {
  const pair = `log ${log}\n#!surety statement ${statement}\n`;

  test('pins what it names, around comments and blank lines', () => {
    const text = `# on paper, 2 March\n\n${pair}  witness audit\t${witness}\nquorum audit`;
    const trust = parseTrust(octets(text));
    expect(trust).toMatchObject({ log: [log], statement: [statement], policy: { quorum: 'audit' } });
    expect(trust.policy.witnesses.map(({ key: own }) => printVerifier(own))).toEqual([witness]);
  });

  test('of the guide is one', () => {
    const guide = readFileSync(new URL('../../../../../docs/proof.md', import.meta.url), 'utf8');
    const [, text = ''] = /^```text trust\.policy\n([\s\S]*?)^```$/m.exec(guide) ?? [];
    const { policy } = parseTrust(octets(text));
    const met = (...names: string[]): boolean => {
      const by = policy.witnesses.filter(({ name }) => names.includes(name));
      return isQuorum(policy, (own) => by.some(({ key: other }) => other === own));
    };
    expect([met('us', 'legal'), met('us', 'finance'), met('us'), met('finance', 'legal')]).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test.each([
    ['an unknown word', `${pair}logs ${log}`, 'line 3'],
    ['a word of JavaScript', `${pair}constructor ${log}`, 'line 3'],
    ['no key', `${pair}witness`, 'line 3'],
    ['something behind the key', `log ${log} u yes\n`, 'line 1'],
    ['a key that is cut', `log ${log.slice(0, -3)}\n`, 'line 1'],
    ['a witness as the log', `log ${witness}\n`, 'no key of a log'],
    ['a log as a witness', `${pair}witness a ${key('other', NOTE_ED25519, 9)}`, 'no key of a witness'],
    ['Windows line ends', pair.replaceAll('\n', '\r\n'), 'carriage return'],
    ['nothing', '', 'no `quorum` line'],
    ['a quorum only', 'quorum none', 'pins no `log` key'],
    ['half of it', `log ${log}\nquorum none`, 'pins no `statement` key'],
    ['lines of an older version', `log ${log}\nstatement ${statement}\nwitness ${witness}\n`, 'line 2'],
  ])('is refused with %s', (_, text, said) => expect(() => parseTrust(octets(text))).toThrow(said));
});
