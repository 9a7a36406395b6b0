// Days on which a call was handed on, or somebody stood in for somebody: what then does not count.

import { at, type Day, fourEyes, hashOf, makeKey, who } from '../verify.fixture.ts';
import { type DayCase, passedOver, withDay } from './cases.fixture.ts';

export const nora = 'nora@acme.example';
const audit = 'finance-lead';

/** After two hours, the heads of finance may approve too. */
export const handedOn = {
  fourEyes: { approve: { ...fourEyes.approve, escalate: { afterMs: 7_200_000, function: audit } } },
};
const two = { fourEyes: { approve: { ...fourEyes.approve, count: 2 } } };

/** Somebody who can sign, with other functions than finance. */
export function enrolNora(day: Day, functions: string[] = []) {
  const key = makeKey('nora');
  day.enrol(nora, functions, [key], at(8));
  return { person: nora, key };
}

export const pay = (day: Day): void => {
  day.pay('4120', '20000.00', { at: at(12, 30) });
};

/** Nora stands in for somebody who acts for finance, from ten to twelve. */
export function standIn(day: Day, person: string, span: object = { from: at(10), until: at(12) }) {
  const key = day.keys[person.split('@')[0] ?? ''];
  const signer = enrolNora(day);
  day.enrol(person, ['finance'], key === undefined ? [] : [key], at(8), {
    deputies: [{ person: nora, ...span }],
  });
  return signer;
}

/** Says of a hold that it was planted. */
export const tellSeed = (day: Day, hold: string, time = at(12, 1)): number =>
  day.log.write({
    ...{ kind: 'seed.answered', stream: `approval/${hold}`, time },
    body: {
      ...{ hold, slot: hashOf('slot'), opened: 'slot', seed: 'changed-account', function: 'finance' },
      ...{ answer: 'approve', person: who.ines, tookMs: 60_000 },
    },
  });

export const approvalDays: readonly DayCase[] = [
  {
    name: 'an approval of a hold that was planted',
    day: withDay((day) => {
      day.approve('4120', '20000.00', { at: at(12) });
      tellSeed(day, 'h-4120');
      pay(day);
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by those it was handed on to, before it was',
    day: withDay((day) => {
      const signer = enrolNora(day, [audit]);
      day.hold('4120', '20000.00', 'h-4120', at(10));
      day.approve('4120', '20000.00', { ...signer, as: audit, at: at(11, 59) });
      pay(day);
    }, handedOn),
    ...passedOver(),
  },
  {
    name: 'an approval by those it would be handed on to, of a call that nobody held',
    day: withDay((day) => {
      const signer = enrolNora(day, [audit]);
      day.approve('4120', '20000.00', { ...signer, as: audit, at: at(12, 20) });
      pay(day);
    }, handedOn),
    ...passedOver(),
  },
  {
    name: 'an approval by those it is never handed on to',
    day: withDay((day) => {
      const signer = enrolNora(day, [audit, 'legal']);
      day.hold('4120', '20000.00', 'h-4120', at(9));
      day.approve('4120', '20000.00', { ...signer, as: 'legal', at: at(12) });
      pay(day);
    }, handedOn),
    ...passedOver(),
  },
  {
    name: 'an approval by a deputy whose time was over',
    day: withDay((day) => {
      day.approve('4120', '20000.00', { ...standIn(day, who.ines), at: at(12) });
      pay(day);
    }),
    ...passedOver(),
  },
  {
    name: 'an approval by a deputy of the requester',
    day: withDay((day) => {
      day.approve('4120', '20000.00', { ...standIn(day, who.sam), at: at(11) });
      pay(day);
    }),
    ...passedOver(),
  },
  {
    name: 'approvals by somebody and by their deputy, where two are asked',
    day: withDay((day) => {
      const signer = standIn(day, who.ines);
      day.approve('4120', '20000.00', { at: at(11), hold: 'h-1' });
      day.approve('4120', '20000.00', { ...signer, at: at(11), hold: 'h-2' });
      pay(day);
    }, two),
    ...passedOver(),
  },
];

/** The lie: it was only a test. */
export const plantedAndUsed = [
  'an approval that a call used, of a hold that was planted',
  (day: Day) => void tellSeed(day, 'h-4104'),
] as const;
