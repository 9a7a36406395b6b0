// The words about origins that both kinds of files use: whose word a field of a result is, and where an argument may
// come from.

import { z } from 'zod';
import { identifier } from './words.ts';

const trust = z.enum(['record', 'directory', 'outsider-text', 'outsider-identity'], {
  error:
    'is nobody’s word\nwrite record, directory, outsider-text or outsider-identity, or `{ is: record, class: <class> }`',
});

/** `invoices.iban`; lists are gone through. */
const fieldPath = z
  .string()
  .regex(
    /^[^\s.]{1,128}(\.[^\s.]{1,128}){0,15}$/,
    'is not a path of a result\nname the members, such as `invoices.iban`; lists are gone through, `*` is any one member',
  );

export const resultLabels = z.record(
  fieldPath,
  z.union([
    trust,
    z.strictObject({
      is: trust.describe('whose word it is'),
      class: identifier.optional().describe('the class of its data'),
    }),
  ]),
);

const argumentPath = z
  .string()
  .regex(
    /^[^\s.*]{1,128}(\.[^\s.*]{1,128}){0,15}$/,
    'is not an argument\nname it, such as `iban` or `lines.price`; lists are gone through',
  );

export const originRule = z.record(
  argumentPath,
  z.array(
    z.enum(['user', 'record', 'untrusted', 'computed', 'none', 'text'], {
      error: 'is no origin\nwrite user, record, computed, untrusted or none; or `text` for what is free text',
    }),
  ),
);

/** As a fact holds it. */
export const labelsOf = (written: z.infer<typeof resultLabels>) =>
  Object.fromEntries(
    Object.entries(written).map(([path, label]) => {
      const { is, class: named } = typeof label === 'string' ? { is: label, class: undefined } : label;
      return [path, { is, ...(named === undefined ? {} : { class: named }) }];
    }),
  );
