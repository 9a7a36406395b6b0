import { expect, test } from 'vitest';
import { Authenticator } from '../../../proof/src/approvals/authenticator.fixture.ts';
import { keyOfLine, keyPattern, lineOfKey } from './key-line.ts';

const passkeys = [
  new Authenticator('https://surety.acme.example'),
  new Authenticator('https://surety.acme.example:8443', { alg: 'ed25519' }),
  new Authenticator('http://localhost:7300'),
];

test.each(passkeys.map((each) => [each.line, each]))('%s is a passkey', (line, { key }) => {
  expect(keyPattern.test(line)).toBe(true);
  expect(keyOfLine(line)).toEqual(key);
  expect(lineOfKey(key)).toBe(line);
});

test('a local key is its algorithm and its bytes', () => {
  const { passkey: _, ...local } = passkeys[1]?.key ?? passkeys[0]?.key ?? ({} as never);
  expect(keyOfLine(lineOfKey(local))).toEqual(local);
});

const [{ line = '' } = {}] = passkeys;
test.each([
  line.replace('https:', 'http:'),
  line.replace('https://', 'https://me@'),
  `${line}/`,
  `${line}?q`,
  line.replace('acme', 'ACME'),
  line.replace('p256', 'rs256'),
  line.replace('passkey:', ''),
  line.slice(0, line.indexOf(':https')),
  `${line}\n`,
])('%s is no key', (wrong) => expect(keyPattern.test(wrong)).toBe(false));
