// The schema of `outcomes/*.yaml`: one outcome, who answers for it, and the rules a machine can check.
// The schema only says what a value looks like; what must agree with what is in `agreement.ts`.

import { z } from 'zod';
import { originRule } from './origin-words.ts';
import { amountOf, budget, duration, identifier, pathBelow, person, text, tool } from './words.ts';

const expression = text.max(4_096, 'is longer than 4096 characters\nsplit the rule');

const same = z
  .array(z.enum(['case', 'agent', 'user']))
  .optional()
  .describe('look only at calls of the same case, agent or user');
const where = (words: string) => expression.optional().describe(words);
const callName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'is not a name\nuse a-z, 0-9 and _, starting with a letter, at most 32');
const role = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,31}(\.(user|owner|approvers))?$/,
    'is not a role\nwrite `this`, `approvers` or what a required call is called (`as`), perhaps with `.user`, `.owner` or `.approvers`',
  );
const natural = (what: string) =>
  z.int(`is not a whole number\nwrite ${what}`).min(0, `is negative\nwrite ${what}`);

const evidence = z.strictObject({
  call: tool.describe('the tool that must have been called before, without error'),
  where: where('what must hold of that call (prior.args, prior.result) and this one'),
  same,
  within: duration.optional().describe('how old it may be at most'),
  after: duration.optional().describe('how old it must be at least'),
});
const requirement = evidence.partial({ call: true }).extend({
  any: z.array(evidence).min(1, 'is empty\nname a call').optional().describe('one of these is enough'),
  as: callName.optional().describe('what the other conditions call it'),
  count: natural('how many calls, such as 2')
    .min(1, 'is less than 1\nwrite how many calls, such as 2')
    .max(1_000, 'is more than 1000\nask fewer calls')
    .optional()
    .describe('how many such calls (default 1)'),
  follows: callName.optional().describe('the required call after which it must have settled'),
  once: z.literal(true).optional().describe('each such call serves one call of this checkpoint'),
});
const sought = (what: string) => ({
  call: tool.describe(what),
  where: where('which of them, by that call (prior.args) and this one'),
  same,
});

export const checkpoint = z.strictObject({
  id: identifier.describe('names the checkpoint within its outcome'),
  before: tool.describe('the tool whose calls it judges'),
  when: expression.optional().describe('judge only calls for which this holds (args, money, user, agent)'),
  require: z
    .union([requirement, z.array(requirement)])
    .optional()
    .describe('an earlier call that must exist, or a list of them: all must'),
  within: duration.optional().describe('how old the one earlier call may be'),
  forbid: z
    .array(
      z.strictObject({
        ...sought('the tool that must not have been called before'),
        within: duration.optional().describe('how long it counts'),
        since: callName.optional().describe('the required call after which alone it counts'),
        until: z
          .array(z.strictObject(sought('the tool whose settled call ends it')))
          .min(1, 'is empty\nname a call')
          .optional()
          .describe('calls after which it counts no more'),
      }),
    )
    .optional()
    .describe('calls that must not have been let through before'),
  limit: z
    .array(
      z.strictObject({
        ...sought('the tool that is counted (default that of `before`)'),
        call: tool.optional().describe('the tool that is counted (default that of `before`)'),
        within: duration.optional().describe('how long it counts'),
        sum: expression
          .optional()
          .describe('what each call adds, over `prior` (default 1: calls are counted)'),
        most: natural('a whole number; money is in minor units').describe('the most, this call included'),
      }),
    )
    .optional()
    .describe('how many calls, or how much in all, may be let through'),
  apart: z
    .array(z.array(role).min(2, 'names fewer than two\nname two roles at least'))
    .optional()
    .describe('roles in groups: behind those of one group must stand different people'),
  afterwards: z
    .array(
      z.strictObject({
        ...sought('the tool that must be called afterwards, without error'),
        where: where('what must hold of that call (next.args, next.result), this one and its `result`'),
        within: duration.describe('in what time from this call'),
      }),
    )
    .optional()
    .describe('calls that must follow; only the verdict can see whether they did'),
  once: z
    .array(pathBelow('args'))
    .optional()
    .describe('arguments whose values may pass this checkpoint once only'),
  approve: z
    .strictObject({
      function: identifier.describe('the function whose people may approve'),
      count: z
        .int('is not a whole number\nwrite how many people, such as 1')
        .min(1, 'is less than 1\nwrite how many people, such as 1')
        .max(16, 'is more than 16\nask fewer people')
        .optional()
        .describe('how many people (default 1)'),
      not: z
        .array(z.enum(['requester', 'agent-owner']))
        .optional()
        .describe('who may not approve: requester, agent-owner'),
      escalate: z
        .strictObject({
          after: duration.describe('how long it waits first; less than the 24h after which a hold ends'),
          function: identifier.describe('the function whose people may then approve as well'),
        })
        .optional()
        .describe('to whom a call is handed on that nobody answers'),
    })
    .optional()
    .describe('people who must approve first'),
  mode: z
    .enum(['observe', 'hold', 'deny'])
    .optional()
    .describe('observe, hold or deny (default deny; hold with `approve`)'),
});

const matched = z.union([z.literal('money'), pathBelow('args')], {
  error: 'is neither `money` nor a path\nwrite `money` or `args.<name>`',
});

export const reconcile = z.strictObject({
  record: identifier.describe('the system of record, from `records`'),
  population: z
    .union([text, z.strictObject({ sql: text })], {
      error: 'is not a query\nwrite the SQL that extracts the rows',
    })
    .describe('SQL that extracts the rows from `:from` to `:to`; it only extracts'),
  effects: z
    .strictObject({
      call: tool.describe('the tool whose calls put rows there'),
      key: z.record(text, pathBelow('result')).describe('column: path in the result that identifies the row'),
      match: z.record(text, matched).describe('column: argument, or `money`, that must be equal'),
    })
    .describe('how a row is matched to a call'),
  elsewhere: z
    .array(
      z.strictObject({
        rows: expression.describe('which rows others account for (row)'),
        owner: person.describe('who answers for those rows'),
      }),
    )
    .optional()
    .describe('rows that did not come through the gateway: counted, totalled, an assumption'),
  within: duration.optional().describe('how late a row may appear (default at once)'),
});

export const outcome = z
  .strictObject({
    outcome: identifier.describe('names the outcome'),
    statement: text.describe('the sentence that must stay true'),
    owner: person.describe('the one person who answers for it'),
    'time-zone': text
      .optional()
      .describe('IANA name of the zone its windows are aligned to (default that of surety.yaml)'),
    'at-stake': amountOf.optional().describe('the money at stake'),
    appetite: budget.optional().describe('the most that may be lost in a period'),
    'evaluated-by': z.array(identifier).optional().describe('functions that must sign it'),
    arguments: z
      .record(tool, originRule)
      .optional()
      .describe(
        'by tool, the origins that each argument may come from: user, record, computed, untrusted, none; `text` for free text',
      ),
    'arguments-mode': z
      .enum(['observe', 'deny'])
      .optional()
      .describe('what happens to a call with an argument of another origin: observe or deny (default)'),
    egress: z
      .record(text, z.array(identifier))
      .optional()
      .describe('servers that each class of data may go to'),
    checkpoints: z.array(checkpoint).optional().describe('what must have happened before an action'),
    reconcile: reconcile.optional().describe('how the ledger is compared with the system of record'),
    invariants: z
      .array(
        z.strictObject({
          id: identifier.describe('names the invariant within its outcome'),
          extract: text.describe('SQL that extracts the rows'),
          each: expression.describe('what must hold of each row (row)'),
        }),
      )
      .optional()
      .describe('what must hold in the record'),
    'on-breach': z
      .enum(['alert', 'hold', 'contain'])
      .optional()
      .describe(
        'what happens when a verdict is `violated`: `hold` stops all calls of its tools but reads, `contain` stops reads too, until a person lifts it; `alert` (default) tells the owner, where `notify` reaches them',
      ),
    needs: z
      .strictObject({
        rung: z
          .enum(['C0', 'C1', 'C2', 'C3', 'C4', 'C5'])
          .optional()
          .describe('completeness that `recorded` needs (default C5)'),
        window: duration.optional().describe('length of the window of a verdict (default 1d)'),
      })
      .optional()
      .describe('what a proven verdict needs'),
  })
  .describe('One outcome of Surety: outcomes/*.yaml');

export type Outcome = z.infer<typeof outcome>;
