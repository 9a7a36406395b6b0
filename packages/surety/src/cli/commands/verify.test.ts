import { NOTE_COSIGNATURE, NOTE_ED25519, printVerifier, verifier } from '@surety/proof/records';
import { parseTrust } from '@surety/proof/verify';
import { describe, expect, test } from 'vitest';

const key = (name: string, type: typeof NOTE_ED25519 | typeof NOTE_COSIGNATURE, first: number): string =>
  printVerifier(verifier(name, type, new Uint8Array(32).fill(first)));
const log = key('acme.example/log', NOTE_ED25519, 1);
const statement = key('acme.example/statement', NOTE_ED25519, 2);
const witness = key('witness.example', NOTE_COSIGNATURE, 3);

describe('a trust file', () => {
  test('pins what it names, around comments, blank lines and either line end', () => {
    const text = `# on paper, 2 March\r\n\r\nlog ${log}\r\n  statement   ${statement}  # by letter\nwitness ${witness}\n`;
    expect(parseTrust(text)).toEqual({ log: [log], statement: [statement], witnesses: [witness] });
  });

  const pair = `log ${log}\nstatement ${statement}\n`;
  test.each([
    ['an unknown word', `${pair}logs ${log}`, 'line 3'],
    ['a word of JavaScript', `${pair}constructor ${log}`, 'line 3'],
    ['no key', `${pair}witness`, 'line 3'],
    ['something behind the key', `log ${log} yes\n`, 'line 1'],
    ['a key that is cut', `log ${log.slice(0, -3)}\n`, 'line 1'],
    ['a witness as the log', `log ${witness}\n`, 'no key of a log'],
    ['a log as a witness', `${pair}witness ${log}`, 'no key of a witness'],
    ['nothing', '', 'pins no `log` key'],
    ['comments only', '# later', 'pins no `log` key'],
    ['half of it', `log ${log}`, 'pins no `statement` key'],
  ])('is refused with %s', (_, text, said) => expect(() => parseTrust(text)).toThrow(said));
});
