import { bodies, type Fact, type Kind } from '@surety/proof/facts';
import { byDigest, commit, commitScalar } from '@surety/proof/records';
import { expect, test } from 'vitest';
import { sha256 } from '../ledger/hash.ts';
import { narrate, sayValue } from './narrate.ts';

const audit = {
  call: 'c-1',
  tool: 'erp.pay_invoice',
  effect: 'spend',
  action: 'A'.repeat(43),
  screened: 'none',
  attestation: 'none',
} as const;

const fact = (kind: Kind, body: object) => ({ kind, body, time: 0, position: 0 }) as unknown as Fact;
const salt = () => new Uint8Array(16);
const committed = (value: unknown) => commit(value, salt, sha256);
const none = () => undefined;

test('a hold says what, over how much and with which values', () => {
  const args = committed({ invoice_id: 'INV-1', amount: '480.00' });
  const amount = commitScalar({ amountMinor: 48_000, currency: 'USD' }, '', salt, sha256);
  const disclosed = byDigest([...args.disclosures, amount.disclosure], sha256);
  const approve = { function: 'finance', count: 1, not: [] };
  const body = { ...audit, args: args.digests, amount: [amount.digest], hold: 'h-1', approve };
  const told = narrate(fact('call.held', body), (digest) => disclosed.get(digest));
  expect(told).toContain('h-1 held for 1 of finance: erp.pay_invoice over 480.00 USD with');
  expect(told).toContain('invoice_id "INV-1"');
  expect(narrate(fact('call.held', body), none)).toContain('over a withheld amount with withheld');
});

test('what was erased is said to be withheld', () => {
  const args = committed({ invoice_id: 'INV-1' });
  expect(narrate(fact('call.intended', { ...audit, args: args.digests }), none)).toContain('with withheld');
});

test('a name that somebody chose cannot take over the terminal', () => {
  const told = narrate(fact('tool.labelled', { tool: 'erp.\u001b[2Jpay\nok', effect: 'read' }), none);
  expect(told).toBe('erp.\\u001b[2Jpay\\u000aok was labelled read');
});

test('a time that no calendar has is said as it is', () => {
  const body = { identity: 'clerk', hash: 'x', expires: Number.MAX_SAFE_INTEGER };
  expect(narrate(fact('credential.issued', body), none)).toContain(String(Number.MAX_SAFE_INTEGER));
});

test('every kind of fact can be said', () => {
  const lenient = new Proxy(
    {
      approve: { count: 1, function: 'finance' },
      functions: [],
      invite: [],
      confirm: [],
      passkey: { public: '' },
      args: [],
      input: [],
      result: [],
      cause: [],
      words: [],
      amount: [],
      statement: [],
      reason: [],
      outcomes: [],
      order: [],
      contracts: [],
      contract: 'C',
      lift: [],
      inFlight: [],
      webhooks: [],
      slots: [],
      asks: {},
      of: [],
      scope: { is: 'everything' },
    },
    {
      get: (target, name) =>
        Reflect.get(target, name) ?? (name === 'expires' || name === 'from' || name === 'to' ? 0 : undefined),
    },
  );
  // What is a count of people elsewhere is a list of functions there.
  const approvers = { approve: ['security'] };
  // What is a time elsewhere is a key there.
  const rotated = { role: 'log', to: 'acme.example/log+0123abcd+AAAA', reason: 'compromised' };
  for (const kind of Object.keys(bodies) as Kind[])
    expect(
      narrate(
        fact(kind, kind === 'key.rotated' ? rotated : kind === 'contracts.declared' ? approvers : lenient),
        none,
      ),
      kind,
    ).toMatch(/^(?!\w+\.\w+$)./);
});

test('a long value is cut, between characters, and says so', () => {
  const said = sayValue({ note: `${'x'.repeat(293)}😀😀` });
  expect(said.endsWith('…')).toBe(true);
  expect(said).not.toContain('\\ud83d');
  expect(sayValue(undefined)).toBe('withheld');
  expect(sayValue({})).toBe('nothing');
  expect(sayValue([1, 'a'])).toBe('[1,"a"]');
});
