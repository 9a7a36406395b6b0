// Separation of duties over natural persons: who may approve what, and who stands on both sides of a call. A second account
// of a person is that person.

import { type CompiledRule, paths } from '@surety/proof/rules';
import { approversFor, excludes } from './approvers.ts';
import { arrange } from './arrange.ts';
import { somebody } from './candidates.ts';
import { nameOf, stops } from './declared.ts';
import type { Suspicion } from './finding.ts';
import type { Looking } from './looking.ts';
import type { Trace } from './trace.ts';
import { listed } from './words.ts';

export function dutiesConflicting(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  return [
    ...declared.rules
      .filter(({ rule }) => rule.approve !== undefined)
      .flatMap((each) => ofOne(looking, each)),
    ...bothBy(looking),
    ...evidence(looking),
  ];
}

function ofOne(looking: Looking, compiled: CompiledRule): readonly Suspicion[] {
  const { declared } = looking;
  const name = nameOf(compiled);
  const { approve, before } = compiled.rule;
  if (approve === undefined || !stops(compiled)) return [];
  const passes = ({ expect }: Trace) => expect.passed.includes(name);
  return declared.callersOf(before).flatMap((agent): readonly Suspicion[] => {
    const { able } = approversFor(declared, compiled, agent);
    const about = [`rule/${name}`, `identity/${agent.identity}`];
    const parties = { rule: name, agent: agent.identity };
    const found: Suspicion[] = [];
    if (able.length < approve.count) return found;
    const owner = declared.personOf(agent.owner);
    if (able.includes(owner))
      found.push({
        ...{ kind: 'owner-approves', level: 'warning', parties, about },
        sentence: `${owner} answers for ${agent.identity} and can approve what it does: ${name} excludes no \`agent-owner\``,
        remedy: 'add `not: [agent-owner]` to its `approve`',
        trace: looking.first(
          arrange(declared, { agent, tool: before, user: somebody, ...approver(approve.count, owner) }),
          passes,
        ),
      });
    const [first = ''] = able;
    if (!excludes(compiled, 'user'))
      found.push({
        ...{ kind: 'requester-approves', level: 'warning', parties, about },
        sentence: `whoever of ${listed(able)} asks ${agent.identity} for ${before} can approve it: ${name} excludes no \`requester\``,
        remedy: 'add `not: [requester]` to its `approve`',
        trace: looking.first(
          arrange(declared, { agent, tool: before, user: first, ...approver(approve.count, first) }),
          passes,
        ),
      });
    else if (able.length - 1 < approve.count)
      found.push({
        ...{ kind: 'approvers-run-out', level: 'warning', parties, about },
        sentence: `where ${listed(able)} ${able.length === 1 ? 'asks' : '(any of them) asks'} ${agent.identity} for ${before}, ${able.length === 1 ? 'nobody is' : 'too few are'} left to approve it: ${name} asks ${approve.count} of ${approve.function} and not the requester`,
        remedy: `give another person the function ${approve.function} and a key`,
        trace: looking.first(
          arrange(declared, { agent, tool: before, user: first }),
          ({ expect }) => expect.answer !== 'allowed' && expect.step === `checkpoint ${name}`,
        ),
      });
    return found;
  });
}

const approver = (count: number, person: string) => (count === 1 ? { approver: person } : {});

/** Two functions are asked, and one person has both: two pairs of eyes are one. */
function bothBy(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  const asking = declared.rules.filter((each) => each.rule.approve !== undefined && stops(each));
  return asking.flatMap((one, index) =>
    asking.slice(index + 1).flatMap((other): readonly Suspicion[] => {
      const { before, approve } = one.rule;
      if (other.rule.before !== before || approve?.function === other.rule.approve?.function) return [];
      if ((approve?.count ?? 1) > 1 || (other.rule.approve?.count ?? 1) > 1) return [];
      const callers = declared.callersOf(before);
      const persons = declared.people.filter(
        ({ functions, keys }) =>
          keys.length > 0 &&
          functions.includes(approve?.function ?? '') &&
          functions.includes(other.rule.approve?.function ?? ''),
      );
      const names = [nameOf(one), nameOf(other)];
      return persons.flatMap(({ person }): readonly Suspicion[] => {
        const able = callers.filter((agent) =>
          [one, other].every((each) =>
            approversFor(declared, each, agent).able.includes(declared.personOf(person)),
          ),
        );
        const [agent] = able;
        if (agent === undefined) return [];
        return [
          {
            ...{ kind: 'one-person-both', level: 'warning' },
            parties: { rules: names.join(), person },
            sentence: `${person} alone can give what ${listed(names)} ask before ${before}: ${approve?.function} and ${other.rule.approve?.function} are one person there`,
            remedy: `take one of the two functions from ${person}, or ask ${'`count: 2`'} in one of them`,
            about: [...names.map((name) => `rule/${name}`), `person/${person}`],
            trace: looking.first(
              arrange(declared, { agent, tool: before, user: somebody, approver: person }),
              ({ expect }) => names.every((name) => expect.passed.includes(name)),
            ),
          },
        ];
      });
    }),
  );
}

/** Evidence that need not be about the call, and evidence that whoever calls can make. */
function evidence(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  return declared.rules.filter(stops).flatMap((compiled) => {
    const name = nameOf(compiled);
    const { before, apart = [] } = compiled.rule;
    const clauses = compiled.requires.flatMap(({ any }) => any);
    const callers = declared.callersOf(before);
    const passes = ({ expect }: Trace) => expect.passed.includes(name);
    const untied = new Set(clauses.filter((each) => !isTied(each)).map(({ call }) => call));
    const found = [...untied].flatMap((call): readonly Suspicion[] => {
      const [agent] = callers;
      if (agent === undefined) return [];
      return [
        {
          ...{ kind: 'evidence-untied', level: 'warning', parties: { rule: name, call } },
          sentence: `any earlier call of ${call}, about whatever, lets ${before} through: nothing in ${name} ties the two`,
          remedy:
            'say in `where` what both calls have in common, such as `prior.args.invoice == args.invoice`, or `same: [case]`',
          about: [`rule/${name}`],
          trace: looking.first(arrange(declared, { agent, tool: before, elsewhere: true }), passes),
        },
      ];
    });
    if (apart.length > 0) return found;
    const made = [...new Set(clauses.map(({ call }) => call))].filter(
      (call) =>
        declared.labelOf(call) !== undefined &&
        declared.labelOf(call)?.effect !== 'read' &&
        !declared.rulesBefore(call).some((each) => stops(each) && each.when === undefined),
    );
    for (const call of made)
      for (const agent of callers.filter((each) => declared.callersOf(call).includes(each)))
        found.push({
          ...{ kind: 'own-evidence', level: 'warning' },
          parties: { rule: name, call, agent: agent.identity },
          sentence: `${agent.identity} can call ${call} itself, and that is the evidence ${name} asks for before ${before}: nobody else need have a hand in it`,
          remedy: `say with \`apart\` that other people stand behind the two, put a checkpoint before ${call}, or give the two tools to different agents`,
          about: [`rule/${name}`, `tool/${call}`],
          trace: looking.first(
            arrange(declared, { agent, tool: before }),
            (trace) => passes(trace) && trace.calls.every((each) => each.agent === agent.identity),
          ),
        });
    return found;
  });
}

/** Its condition looks at this call, or at another piece of evidence; or both calls must have something in common. */
const isTied = ({ where, same }: CompiledRule['requires'][number]['any'][number]): boolean =>
  same.length > 0 || (where !== undefined && readsOthers(where));

const readsOthers = (where: NonNullable<CompiledRule['when']>): boolean => {
  const roots = paths(where).map(([root]) => root);
  return roots.some((root) => root !== 'prior');
};
