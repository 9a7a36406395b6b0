// `surety check`: every problem in the files that people write, at once. Reads files only.

import { type Config, loadConfig, renderProblems } from '../../config/index.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

export async function check(
  terminal: Terminal,
  { folder, json }: { readonly folder: string; readonly json?: boolean },
): Promise<Exit> {
  const loaded = await loadConfig(folder, terminal.env);
  const problems = loaded.ok ? loaded.config.warnings : loaded.problems;
  const counts = loaded.ok ? countsOf(loaded.config) : undefined;
  if (json === true) terminal.out(JSON.stringify({ ok: loaded.ok, problems, ...(counts && { counts }) }));
  else {
    if (problems.length > 0) terminal.out(renderProblems(problems, terminal.color));
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const warnings = problems.length - errors;
    const told = [
      ...(errors > 0 ? [plural(errors, 'error')] : []),
      ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ];
    if (counts === undefined)
      terminal.out(`${terminal.paint('red', 'not ok')}: ${told.join(', ')}; nothing would start`);
    else {
      const found = Object.entries(counts).map(([what, count]) => plural(count, singular[what as Counted]));
      terminal.out(`${terminal.paint('green', 'ok')}: ${[...found, ...told].join(', ')}`);
    }
  }
  return loaded.ok ? exit.ok : exit.error;
}

const singular = {
  servers: 'server',
  labels: 'label',
  policies: 'policy',
  outcomes: 'outcome',
  checkpoints: 'checkpoint',
} as const;
type Counted = keyof typeof singular;

const plural = (count: number, what: string): string =>
  `${count} ${count === 1 ? what : `${what.replace(/y$/, 'ie')}s`}`;

function countsOf({ declarations }: Config): Readonly<Record<Counted, number>> {
  const count = (kind: string) => declarations.filter((each) => each.kind === kind).length;
  return {
    servers: count('server.declared'),
    labels: count('tool.labelled'),
    policies: count('policy.activated'),
    outcomes: count('outcome.declared'),
    checkpoints: count('rule.activated'),
  };
}
