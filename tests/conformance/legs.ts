// The two legs of the suite, each directly and through the gateway, and the scenarios that say nothing about a gateway.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  type Difference,
  differencesOf,
  judge,
  type Known,
  placeOf,
  type Score,
  scoreOf,
} from './comparison.ts';
import { raiseOpenGateway } from './gateway.ts';
import { type Leg, type Revision, runSuite, type Subject, scenariosOf } from './suite.ts';

export interface Compared {
  readonly leg: Leg;
  readonly revision: Revision;
  readonly scenarios: number;
  readonly direct: Score;
  readonly through: Score;
  readonly differences: readonly Difference[];
  readonly notApplicable: readonly { readonly scenario: string; readonly why: string }[];
}

const noOauth =
  'how a client gets a token from the authorization server of the server it calls: behind a gateway the credential ' +
  "of the server is configured by its operator, and a client's own token must not be passed on";

/** Why a scenario cannot be asked of a gateway; those that can have no reason. */
const whyNot = (scenario: string): string | undefined => (scenario.startsWith('auth/') ? noOauth : undefined);

const program = (name: string): string => `${process.execPath} ${join(import.meta.dirname, name)}`;

export async function compareLeg(leg: Leg, revision: Revision, known: readonly Known[]): Promise<Compared> {
  const all = scenariosOf(leg, revision);
  const notApplicable = all.flatMap((scenario) => {
    const why = whyNot(scenario);
    return why === undefined ? [] : [{ scenario, why }];
  });
  const scenarios = all.filter((scenario) => whyNot(scenario) === undefined);
  const ways = leg === 'server' ? await serverWays() : clientWays;
  try {
    // A server leg without gaps is one run of the suite, which is much faster than one for each scenario.
    const named = leg === 'server' && notApplicable.length === 0 ? undefined : scenarios;
    const direct = await runSuite(ways.direct, revision, named);
    const through = await runSuite(ways.through, revision, named);
    const first = differencesOf({ leg, revision }, direct, through);
    const differences = await believed(ways, first, judge(first, known).unknown);
    const scores = { direct: scoreOf(direct), through: scoreOf(through) };
    return { leg, revision, scenarios: scenarios.length, ...scores, differences, notApplicable };
  } finally {
    await ways.stop();
  }
}

interface Ways {
  readonly direct: Subject;
  readonly through: Subject;
  stop(): Promise<void>;
}

const clientWays: Ways = {
  direct: { command: program('fixture/client.ts') },
  through: { command: program('through.ts') },
  stop: async () => undefined,
};

async function serverWays(): Promise<Ways> {
  const fixture = spawn(process.execPath, [join(import.meta.dirname, 'fixture/server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    fixture.stdout.once('data', (line: Buffer) => resolve(String(line).trim()));
    fixture.once('exit', () => reject(new Error('the fixture did not start')));
  });
  const gateway = await raiseOpenGateway(url);
  return {
    direct: { url },
    through: { url: gateway.url },
    stop: async () => {
      await gateway.stop();
      fixture.kill();
    },
  };
}

/**
 * Some scenarios wait for a fixed time, which a busy machine can exceed on either way. So a difference that nobody knew
 * of is believed when the same scenario shows it again.
 */
async function believed(
  ways: Ways,
  first: readonly Difference[],
  unknown: readonly Difference[],
): Promise<readonly Difference[]> {
  const scenarios = [...new Set(unknown.map(({ scenario }) => scenario))];
  if (unknown[0] === undefined) return first;
  const direct = await runSuite(ways.direct, unknown[0].revision, scenarios);
  const through = await runSuite(ways.through, unknown[0].revision, scenarios);
  const again = differencesOf(unknown[0], direct, through).map(placeOf);
  return first.filter((each) => !unknown.includes(each) || again.includes(placeOf(each)));
}
