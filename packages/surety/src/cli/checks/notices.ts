// Notices: whether anything tells people what waits for them, and whether it was taken.

import { declaredAs } from '@surety/proof/changes';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { askedIn } from '../asked.ts';
import { inForceIn } from '../in-force.ts';
import { openStore } from '../store.ts';
import { ok, type Row, warn } from './row.ts';

type Env = Readonly<Record<string, string | undefined>>;

export function notices(config: Config, env: Env): readonly Row[] {
  const store = openStore(config);
  try {
    const [channels] = declaredAs(inForceIn(store).standing, 'notices.declared');
    const { people, failedWebhooks } = askedIn(store, clockFrom(env).now());
    if (channels === undefined || (!channels.mail && channels.webhooks.length === 0))
      return [
        warn(
          'notices',
          'nobody is told what waits for them',
          'say in `notify` how: docs/notifications.md; until then people find it with `surety status`',
        ),
      ];
    const failed = [
      ...people.filter((each) => each.failed > 0).map(({ person }) => person),
      ...failedWebhooks,
    ];
    const unknown = [
      ...(channels.mail && config.notify?.mail === undefined ? ['mail'] : []),
      ...channels.webhooks
        .map(({ webhook }) => webhook)
        .filter((id) => config.notify?.webhooks.some((each) => each.id === id) !== true),
    ];
    const rows = [
      ...failed.map((who) =>
        warn('notices', `messages to ${who} were given up in the last 24 hours`, 'look at their address'),
      ),
      ...unknown.map((channel) =>
        warn(
          'notices',
          `${channel} is in force, and the files do not say any more how it is reached`,
          'put it back in `notify`, or have its owners sign that it goes: surety changes',
        ),
      ),
    ];
    return rows.length > 0 ? rows : [ok('notices', 'people are told, and it is taken')];
  } finally {
    store.close();
  }
}
