// Permissions: how a call is put to Cedar. The gate and the verdict must ask the same question,
// so it is written once, here.

import type { Money } from '../facts.ts';
import { decideCedar } from './cedar.ts';

export interface ActivePolicy {
  readonly id: string;
  readonly hash: string;
  readonly policy: unknown;
}

export interface PermissionQuestion {
  readonly agent: string;
  readonly tool: string;
  readonly money: Money | undefined;
  readonly user: string | undefined;
}

/** `Agent::"a"` asks for `Action::"server.tool"` on `Tool::"server.tool"`, a member of `Server::"server"`. */
export function decidePermission(policies: readonly ActivePolicy[], question: PermissionQuestion) {
  const { agent, tool, money, user } = question;
  const principal = { type: 'Agent', id: agent };
  const resource = { type: 'Tool', id: tool };
  const server = { type: 'Server', id: tool.slice(0, tool.indexOf('.')) };
  return decideCedar(
    policies,
    {
      principal,
      action: { type: 'Action', id: tool },
      resource,
      context: {
        ...(money === undefined ? {} : { money }),
        ...(user === undefined ? {} : { user }),
      },
    },
    [
      { uid: principal, attrs: {}, parents: [] },
      { uid: resource, attrs: {}, parents: [server] },
      { uid: server, attrs: {}, parents: [] },
    ],
  );
}

/**
 * The policies at their widest: conditions of a permit are taken as met, a forbid counts only if it has none. Made once for
 * many questions.
 */
export const widestOf = (policies: readonly ActivePolicy[]): readonly ActivePolicy[] =>
  policies.flatMap((each): ActivePolicy[] => {
    const policy = each.policy as { readonly effect?: unknown; readonly conditions?: readonly unknown[] };
    const isFree = (policy.conditions ?? []).length === 0;
    if (policy.effect === 'permit') return [{ ...each, policy: { ...policy, conditions: [] } }];
    return isFree ? [each] : [];
  });

/** Of policies at their widest: whether some call of this tool by this agent could be permitted. */
export const permitsAny = (widest: readonly ActivePolicy[], agent: string, tool: string): boolean =>
  decidePermission(widest, { agent, tool, money: undefined, user: undefined }).decision === 'allow';

/**
 * True if some call of this tool by this agent could be permitted, whatever its money, its user and its
 * arguments are.
 */
export const couldPermit = (policies: readonly ActivePolicy[], agent: string, tool: string): boolean =>
  permitsAny(widestOf(policies), agent, tool);
