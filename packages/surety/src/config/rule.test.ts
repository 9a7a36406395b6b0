// Rules in files: a mistake in a rule is shown at its character, in the file that holds the rule.

import { expect, test } from 'vitest';
import { edited, said } from './folder.fixture.ts';

const file = 'outcomes/supplier-payments.yaml';

test.each([
  ['a name that does not exist', 'money > 1000000', 'money > limit', '17:20'],
  ['a name of another place', 'money > 1000000', 'prior.args.x > money', '17:12'],
  ['an expression that ends too early', 'money > 1000000', 'money >', '17:19'],
  ['a name in a row rule', "row.created_by == 'payroll-batch'", 'row.a == 1 && args.b == 1', '28:38'],
])('%s', async (_, from, to, place) => {
  const rendered = await said(edited(file, from, to));
  expect(rendered).toMatch(new RegExp(`^${file}:${place}: error: not a rule: `));
});
