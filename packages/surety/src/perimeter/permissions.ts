// Permissions: Cedar, default deny. The engine validated the policies when they were loaded; what runs
// here and in the proof is `@surety/proof/rules`.

import { type Fact, isKind, type Money, type UnknownFact } from '@surety/proof/facts';
import { type ActivePolicy, decidePermission } from '@surety/proof/rules';

export class Permissions {
  readonly #policies = new Map<string, ActivePolicy>();
  #active: readonly ActivePolicy[] = [];

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'policy.activated')) {
      const { policy, hash, cedar } = fact.body;
      this.#policies.set(policy, { id: policy, hash, policy: cedar });
    } else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('policy/'))
      this.#policies.delete(fact.body.stream.slice('policy/'.length));
    else return;
    this.#active = [...this.#policies.values()];
  }

  /** The hashes of the policies that allowed it, or why none did. */
  decide(question: {
    agent: string;
    tool: string;
    money: Money | undefined;
    user: string | undefined;
  }):
    | { readonly allowed: true; readonly policies: readonly string[] }
    | { readonly allowed: false; readonly cause: string } {
    const answer = decidePermission(this.#active, question);
    if (answer.decision === 'allow')
      return {
        allowed: true,
        policies: this.#active.filter(({ id }) => answer.determining.includes(id)).map(({ hash }) => hash),
      };
    const forbidding = answer.determining.join(', ');
    const because = forbidding === '' ? 'no policy permits it' : `forbidden by ${forbidding}`;
    const errors = answer.errors.length === 0 ? '' : ` (policies in error: ${answer.errors.join('; ')})`;
    return { allowed: false, cause: `${question.agent} may not call ${question.tool}: ${because}${errors}` };
  }

  /** Whether a tool is worth showing to this agent: some call of it might be permitted. */
  mightAllow(agent: string, tool: string): boolean {
    const answer = decidePermission(this.#active, { agent, tool, money: undefined, user: undefined });
    return answer.decision === 'allow' || answer.errors.length > 0;
  }
}
