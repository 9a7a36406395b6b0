// Days on which a checkpoint was passed over, or nobody can tell.

import {
  at,
  Day,
  dayEnd,
  hashOf,
  honestDay,
  hourMs,
  makeKey,
  outcomeBody,
  populationSql,
  ruleBodies,
  who,
} from '../verify.fixture.ts';
import { approvalDays } from './approvals.fixture.ts';
import {
  approved,
  type DayCase,
  nothing,
  of,
  passedOver,
  shiftIntents,
  withDay,
  withholdArgs,
} from './cases.fixture.ts';
import { checkpointDays } from './checkpoints.fixture.ts';
import { contractDays } from './contracts.fixture.ts';
import { originDays } from './origins.fixture.ts';
import { passkeyDays } from './passkeys.fixture.ts';
import { registeredDays } from './registered.fixture.ts';

export const guardedDays: readonly DayCase[] = [
  ...passkeyDays,
  ...registeredDays,
  {
    name: 'no evidence',
    day: withDay((day) => {
      day.pay('4107', '10.00', { match: false });
    }),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
  {
    name: 'evidence that is too old',
    day: withDay(
      (day) => {
        day.match('4107', at(8));
        day.pay('4107', '10.00', { match: false, at: at(12) });
      },
      { matched: { withinMs: 4 * hourMs - 1 } },
    ),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
  {
    name: 'evidence that does not fit',
    day: withDay((day) => {
      day.match('4107', at(9), { status: 'rejected' });
      day.pay('4107', '10.00', { match: false });
    }),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
  {
    name: 'evidence of another case',
    day: withDay(
      (day) => {
        day.pay('4107', '10.00', { case: 'k2' });
      },
      { matched: { require: { ...ruleBodies.matched.require, same: ['case'] } } },
    ),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
  {
    name: 'an amount just above the limit, and no approval',
    day: withDay((day) => {
      day.pay('4107', '10000.01');
    }),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
  {
    name: 'one approval where two are asked',
    day: withDay(nothing, { fourEyes: { approve: { ...ruleBodies.fourEyes.approve, count: 2 } } }),
    ...passedOver(),
  },
  {
    name: 'evidence that was used before',
    day: withDay((day) => {
      day.pay('4101', '1.00', { at: at(13), call: 'again' });
    }),
    ...of('guarded', 'violated', 'checkpoint-passed-over'),
  },
  {
    name: 'an approval by the requester',
    day: withDay((day) => {
      const key = day.keys['sam'];
      day.approve('4120', '20000.00', { at: at(12), person: who.sam, ...(key && { key }) });
      day.pay('4120', '20000.00', { at: at(12, 30) });
    }),
    ...passedOver(),
  },
  {
    name: 'an approval where nobody is said to have asked',
    day: withDay((day) => {
      day.approve('4120', '20000.00', { at: at(12), user: undefined });
      day.pay('4120', '20000.00', { at: at(12, 30), user: undefined });
    }),
    ...of('guarded', 'unproven', 'intent-undeclared'),
  },
  {
    name: 'an approval that was given to another case',
    day: withDay((day) => {
      day.approve('4120', '20000.00', { at: at(12) });
      day.pay('4120', '20000.00', { at: at(12, 30), case: 'k2' });
    }),
    ...passedOver(),
  },
  {
    name: 'an approval that was given to another user',
    day: withDay((day) => {
      day.approve('4120', '20000.00', { at: at(12) });
      day.pay('4120', '20000.00', { at: at(12, 30), user: who.paul });
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by somebody who does not act for the function',
    day: withDay((day) => {
      const key = makeKey('paul');
      day.enrol(who.paul, ['payroll'], [key], at(9));
      day.approve('4120', '20000.00', { at: at(12), person: who.paul, key });
      day.pay('4120', '20000.00', { at: at(12, 30) });
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by the owner of the agent',
    day: withDay((day) => {
      const key = day.keys['lena'];
      day.approve('4120', '20000.00', { at: at(12), person: who.lena, ...(key && { key }) });
      day.pay('4120', '20000.00', { at: at(12, 30) });
    }),
    ...passedOver(),
  },
  { name: 'an approval of another amount', day: approved({ amount: '20001.00' }), ...passedOver() },
  { name: 'an approval that had expired', day: approved({ expires: at(12, 29) }), ...passedOver() },
  { name: 'an approval under another rule', day: approved({ rule: hashOf('other') }), ...passedOver() },
  {
    name: 'an approval for a function its signer does not have',
    day: approved({ as: 'legal' }),
    ...passedOver(),
  },
  { name: 'a refusal', day: approved({ decision: 'refuse' }), ...passedOver() },
  {
    name: 'an approval with a signature by another key',
    day: withDay((day) => {
      const signer = day.keys['lena'];
      day.approve('4120', '20000.00', { at: at(12), ...(signer && { signer }) });
      day.pay('4120', '20000.00', { at: at(12, 30) });
    }),
    ...passedOver(),
  },
  {
    name: 'an approval with a key that two people have',
    day: withDay((day) => {
      const { ines, sam } = day.keys;
      if (ines && sam) day.enrol(who.sam, ['finance'], [sam, ines], at(9));
      day.approve('4120', '20000.00', { at: at(12) });
      day.pay('4120', '20000.00', { at: at(12, 30) });
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by somebody who was enrolled after it',
    day: withDay((day) => {
      const enrolled = day.log.drafts.findIndex(({ body }) => body['person'] === who.ines);
      const [fact] = day.log.drafts.splice(enrolled, 1);
      const at = day.log.drafts.findIndex(
        ({ kind, body }) => kind === 'call.intended' && body['call'] === 'c-4104',
      );
      if (fact !== undefined) day.log.drafts.splice(at, 0, fact);
      shiftIntents(day);
    }),
    ...passedOver(),
  },
  {
    name: 'an approval that served before, though a fact says that it is free again',
    day: withDay((day) => {
      day.match('4104', at(14));
      const released = { hold: 'h-4104', call: 'c-4104' };
      day.declare('approval.released', 'approval/h-4104', released, at(14));
      day.pay('4104', '14000.00', { at: at(14), call: 'second', match: false });
    }),
    ...passedOver(),
  },
  {
    name: 'a payment that settled without an intent',
    day: withDay((day) => {
      day.pay('4120', '5.00', { at: at(12), intent: false });
    }),
    ...passedOver(),
  },
  {
    name: 'a payment that is dated out of the window, with its row in it',
    day: withDay((day) => {
      day.pay('4120', '5.00', { at: at(12), match: false });
      const facts = day.log.drafts.slice(-2);
      for (const fact of facts) fact.time -= 48 * hourMs;
    }),
    ...passedOver(),
  },
  {
    name: 'an error that took effect all the same',
    day: withDay((day) => {
      day.pay('4120', '5.00', { at: at(12), match: false, how: 'error', row: true });
    }),
    ...passedOver(),
  },
  {
    name: 'a rule that only observes',
    day: withDay(nothing, { fourEyes: { mode: 'observe' } }),
    ...of('guarded', 'unproven', 'observed'),
    otherwise: 'proven',
  },
  {
    name: 'a call that did not pass a rule which only observes',
    day: withDay(
      (day) => {
        day.pay('4120', '20000.00', { at: at(12) });
      },
      { fourEyes: { mode: 'observe' } },
    ),
    ...of('guarded', 'unproven', 'observed'),
    otherwise: 'proven',
  },
  {
    name: 'a rule that cannot be evaluated',
    day: withDay(nothing, { fourEyes: { when: 'args.nothing > 5' } }),
    ...of('guarded', 'unproven', 'rule-error'),
  },
  {
    name: 'arguments that are withheld',
    day: withDay((day) => withholdArgs(day, 'c-4101')),
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a match that is withheld',
    day: withDay((day) => withholdArgs(day, 'm-4101')),
    ...of('guarded', 'unproven', 'evidence-withheld'),
  },
  {
    name: 'a simulated approver',
    day: withDay(nothing, { simulated: [who.ines] }),
    ...of('guarded', 'unproven', 'simulated'),
    otherwise: 'proven',
  },
  {
    name: 'no policy that permits',
    day: withDay(nothing, { without: ['policy'] }),
    ...of('guarded', 'unproven', 'not-permitted'),
  },
  {
    name: 'another tool that spends',
    day: withDay((day) => {
      day.declare('tool.labelled', 'tool/erp.pay_now', { tool: 'erp.pay_now', effect: 'spend' });
    }),
    ...of('guarded', 'unproven', 'checkpoint-missing'),
  },
  {
    name: 'ways of data that are declared and not enforced',
    day: withDay(nothing, { outcome: { egress: { 'bank-details': ['erp'] } } }),
    ...of('guarded', 'unproven', 'not-enforced'),
  },
  {
    name: 'nothing called and nothing reconciled',
    day: () => new Day(),
    ...of('guarded', 'unproven', 'vacuous'),
  },
  {
    name: 'a weaker rule in the middle of the window',
    day: withDay((day) => day.rule({ ...ruleBodies.fourEyes, when: 'money > 99999999' }, at(15))),
    ...of('guarded', 'unproven', 'declaration-changed'),
  },
  {
    name: 'a rule that was withdrawn',
    day: withDay((day) => day.withdraw('rule/supplier-payments/four-eyes', at(15))),
    ...of('guarded', 'unproven', 'declaration-changed'),
  },
  {
    name: 'a rule that came after the first call',
    day: withDay((day) => day.rule(ruleBodies.fourEyes, at(15)), { without: ['four-eyes'] }),
    ...of('guarded', 'unproven', 'declaration-changed'),
  },
  {
    name: 'a population that was narrowed after the window',
    day: () => {
      const day = honestDay();
      day.stray({ id: 'X1' });
      day.close();
      const population = `${populationSql} AND created_by = 'gateway'`;
      day.outcome({ reconcile: { ...outcomeBody.reconcile, population } }, dayEnd + 2 * hourMs);
      day.rows.pop();
      day.extract('population', population, day.rows, {}, dayEnd + 2 * hourMs);
      return day;
    },
    ...of('guarded', 'unproven', 'declaration-changed'),
  },
  {
    name: 'a label that was changed',
    day: withDay((day) => {
      const label = { tool: 'erp.pay_invoice', effect: 'read' };
      day.declare('tool.labelled', 'tool/erp.pay_invoice', label, at(15));
    }),
    ...of('guarded', 'unproven', 'declaration-changed'),
  },
  {
    name: 'a call that says another effect than its label',
    day: withDay((day) => {
      day.pay('4107', '10.00', { effect: 'write' });
    }),
    ...of('guarded', 'unproven', 'misstated'),
  },
  {
    name: 'a call for a user whom its case was not opened for',
    day: withDay((day) => {
      day.pay('4107', '10.00', { user: who.ines });
    }),
    ...of('guarded', 'unproven', 'intent-undeclared'),
  },
  ...approvalDays,
  ...checkpointDays,
  ...originDays,
  ...contractDays,
];
