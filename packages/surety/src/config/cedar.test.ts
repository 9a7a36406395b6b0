// Splitting policies: ours by the semicolons, the engine's by its grammar. Both must see the same ones.

import { policySetTextToParts } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitPolicies } from './cedar.ts';
import { said, sample } from './folder.fixture.ts';

test('INVARIANT: a file splits into the policies that the engine sees', () => {
  const piece = fc.constantFrom(
    'permit (principal, action, resource);',
    '@id("a;b//c")\nforbid (principal, action, resource) when { "\\";" != "//" };',
    '// a comment; permit (principal, action, resource);\n',
    'permit(principal,action,resource)// ;"\nunless{1/*x',
    '\n\n',
    'permit (principal, action == Action::"é;", resource) unless { context has "x;y" };',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('\n');
      const theirs = policySetTextToParts(text);
      fc.pre(theirs.type === 'success');
      const ours = splitPolicies({ file: 'a.cedar', text });
      expect(ours).toHaveLength(theirs.type === 'success' ? theirs.policies.length : -1);
      for (const each of ours)
        expect(text.slice(each.offset, each.offset + each.text.length)).toBe(each.text);
    }),
    { numRuns: 200 },
  );
});

test('without an id a policy is named by its file and number', async () => {
  const both = 'permit (principal, action, resource);\n';
  expect(
    await said({ ...sample, 'policies/b.cedar': `${both}@id("policies/b.cedar#1")\n${both}` }),
  ).toContain('policies/b.cedar:2:1: error: two policies are named `policies/b.cedar#1`');
});

test('a condition that the evaluator does not have is refused at load, though the engine knows it', async () => {
  const policy = 'permit (principal, action, resource) when { ip("127.0.0.1").isLoopback() };\n';
  expect(await said({ ...sample, 'policies/b.cedar': policy })).toContain(
    'policies/b.cedar:1:1: error: the policy uses what is not evaluated here: ',
  );
});
