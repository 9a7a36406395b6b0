// Containment: what is contained, and whether anybody could contain anything, or lift it again.

import { declaredAs, peopleIn } from '@surety/proof/changes';
import { containmentDefault } from '@surety/proof/facts';
import type { Config } from '../../config/index.ts';
import { containedLine } from '../commands/contain.ts';
import { containedIn } from '../contained.ts';
import { inForceIn } from '../in-force.ts';
import { openStore } from '../store.ts';
import { ok, type Row, warn } from './row.ts';

export function containment(config: Config): readonly Row[] {
  const store = openStore(config);
  try {
    const { standing } = inForceIn(store);
    const [declared = containmentDefault] = declaredAs(standing, 'containment.declared');
    const people = peopleIn(standing);
    const mayNobody = (functions: readonly string[]) =>
      !people.some((each) => each.keys.length > 0 && each.functions.some((name) => functions.includes(name)));
    const without = (['order', 'lift'] as const).filter((deed) => mayNobody(declared[deed]));
    const rows = [
      ...containedIn(store).map((each) =>
        warn('containment', containedLine(each), `surety lift ${each.order ?? 'ORDER'}`),
      ),
      ...without.map((deed) =>
        warn(
          'containment',
          `nobody with a key could ${deed === 'order' ? 'contain anything' : 'lift a containment'}`,
          `give a person one of the functions ${declared[deed].join(', ')}, and a key`,
        ),
      ),
    ];
    return rows.length > 0 ? rows : [ok('containment', 'nothing is contained, and somebody may contain')];
  } finally {
    store.close();
  }
}
