// Temporary: scope constraints only.
export class CedarError extends Error {
  readonly code: 'unsupported' | 'malformed';
  constructor(code: CedarError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
interface Uid {
  readonly type: string;
  readonly id: string;
}
interface Entity {
  readonly uid: Uid;
  readonly attrs: object;
  readonly parents: readonly Uid[];
}
export function checkCedar(policy: unknown): void {
  const { conditions } = policy as { conditions?: unknown[] };
  if ((conditions ?? []).length > 0) throw new CedarError('unsupported', 'conditions');
}
const same = (a: Uid, b: Uid) => a.type === b.type && a.id === b.id;
// biome-ignore lint/suspicious/noExplicitAny: temporary
function matches(c: any, uid: Uid, entities: readonly Entity[]): boolean {
  const within = (t: Uid) =>
    same(uid, t) || entities.some((e) => same(e.uid, uid) && e.parents.some((p) => same(p, t)));
  if (c.op === 'All') return true;
  if (c.op === '==') return same(uid, c.entity);
  if (c.op === 'in') return (c.entities ?? [c.entity]).some(within);
  if (c.op === 'is') return uid.type === c.entity_type;
  return false;
}
export function decideCedar(
  policies: readonly { id: string; policy: unknown }[],
  request: { principal: Uid; action: Uid; resource: Uid; context: object },
  entities: readonly Entity[],
) {
  // biome-ignore lint/suspicious/noExplicitAny: temporary
  const hit = policies.filter(
    ({ policy: p }: { policy: any }) =>
      matches(p.principal, request.principal, entities) &&
      matches(p.action, request.action, entities) &&
      matches(p.resource, request.resource, entities),
  );
  // biome-ignore lint/suspicious/noExplicitAny: temporary
  const of = (effect: string) =>
    hit.filter(({ policy }: { policy: any }) => policy.effect === effect).map(({ id }) => id);
  const forbid = of('forbid');
  const permit = of('permit');
  const decision: 'allow' | 'deny' = forbid.length === 0 && permit.length > 0 ? 'allow' : 'deny';
  return { decision, determining: decision === 'allow' ? permit : forbid, errors: [] as string[] };
}
