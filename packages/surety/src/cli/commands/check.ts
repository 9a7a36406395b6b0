// `surety check`: every problem in the files that people write, at once. Reads files only.

import { type Config, loadConfig, renderProblems } from '../../config/index.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';
import { type Looked, look, summaryOf, suppressionsOf } from './audit.ts';

export async function check(
  terminal: Terminal,
  { folder, json }: { readonly folder: string; readonly json?: boolean },
): Promise<Exit> {
  const loaded = await loadConfig(folder, terminal.env);
  const said = loaded.ok ? suppressionsOf(terminal, loaded.config) : undefined;
  const problems = loaded.ok ? [...loaded.config.warnings, ...(said?.problems ?? [])] : loaded.problems;
  const ok = !problems.some(({ severity }) => severity === 'error');
  const counts = loaded.ok && ok ? countsOf(loaded.config) : undefined;
  // It says how much there is; `surety audit` says what.
  const audit = loaded.ok && ok ? look(terminal, loaded.config, said?.suppressions ?? []).counts : undefined;
  if (json === true) terminal.out(JSON.stringify({ ok, problems, ...(counts && { counts, audit }) }));
  else {
    if (problems.length > 0) terminal.out(renderProblems(problems, terminal.color));
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const warnings = problems.length - errors;
    const told = [
      ...(errors > 0 ? [plural(errors, 'error')] : []),
      ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ];
    if (counts === undefined)
      terminal.out(
        `${terminal.paint('red', 'not ok')}: ${told.join(', ')}${loaded.ok ? '' : '; nothing would start'}`,
      );
    else {
      if (audit !== undefined && isToldOf(audit))
        terminal.out(`audit: ${summaryOf({ counts: audit })} (\`surety audit\` says what)`);
      const found = Object.entries(counts).map(([what, count]) => plural(count, singular[what as Counted]));
      terminal.out(`${terminal.paint('green', 'ok')}: ${[...found, ...told].join(', ')}`);
    }
  }
  return ok ? exit.ok : exit.error;
}

const isToldOf = (counts: Looked['counts']): boolean => Object.values(counts).some((count) => count > 0);

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
