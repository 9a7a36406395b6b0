// `surety incident`: incidents that happened somewhere, played again in a house of their own: what stops each, and the
// verdict with it and without.

import { renderProblems } from '../../config/index.ts';
import { type Found, findIncident, incidentNames } from '../../packs/index.ts';
import type { PlayedIncident, Roots } from '../roots.ts';
import { type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Options {
  readonly json?: boolean;
}

export async function incident(
  terminal: Terminal,
  { playIncident }: Pick<Roots, 'playIncident'>,
  name: string | undefined,
  options: Options,
): Promise<Exit> {
  const found: Found[] = [];
  for (const each of name === undefined ? incidentNames() : [name]) {
    const loaded = findIncident(each);
    if ('problems' in loaded) {
      if (options.json === true) terminal.out(JSON.stringify({ ok: false, problems: loaded.problems }));
      else terminal.note(renderProblems(loaded.problems, terminal.color).trimEnd());
      return exit.error;
    }
    found.push(loaded);
  }
  const [one] = found;
  if (name === undefined || one === undefined) return list(terminal, found, options);
  const stopped = await playIncident(one, true);
  const free = await playIncident(one, false);
  if (options.json === true) {
    const { incident: id, title, date, happened, said, source, pack, stops } = one.incident;
    const about = { incident: id, title, date, happened, said, source, pack, stops };
    terminal.out(JSON.stringify({ ...about, with: playedOf(stopped), without: playedOf(free) }));
  } else tell(terminal, one, stopped, free);
  return exit.ok;
}

function list(terminal: Terminal, all: readonly Found[], { json }: Options): Exit {
  const rows = all.map(({ incident: { incident: id, title, date, pack, stops } }) => ({
    ...{ incident: id, title, date, pack, stops },
  }));
  if (json === true) terminal.out(JSON.stringify({ incidents: rows }));
  else
    for (const { incident: id, title, date, pack, stops } of rows)
      terminal.out(
        `${terminal.paint('bold', id)}  ${printable(title)} (${printable(date)}): ${stops.join(', ')} of ${pack}`,
      );
  return exit.ok;
}

const playedOf = ({ steps, verdict, reasons }: PlayedIncident) => ({
  steps: steps.map(({ step: { says, call }, answer }) => ({ says, call, answer })),
  ...{ verdict, reasons },
});

function tell(
  terminal: Terminal,
  { incident: of }: Found,
  stopped: PlayedIncident,
  free: PlayedIncident,
): void {
  const { out, paint } = terminal;
  out(`${paint('bold', printable(of.title))} (${printable(of.date)})`);
  out(printable(of.happened));
  out(printable(`Said to be responsible: ${of.said}.`));
  out(printable(`Source: ${of.source.join('; ')}.`));
  for (const [title, { steps, verdict, reasons }] of [
    [`With ${of.stops.join(' and ')} of the pack ${of.pack}`, stopped],
    ['Without', free],
  ] as const) {
    out('');
    out(`${title}:`);
    for (const { step, answer } of steps)
      out(`  ${paint(answer === 'done' ? 'dim' : 'green', answer.padEnd(8))} ${printable(step.says)}`);
    const why = reasons.map(({ text }) => printable(text)).join('; ');
    out(
      `  verdict  ${paint(verdict === 'violated' ? 'red' : 'yellow', verdict)}${why === '' ? '' : `: ${why}`}`,
    );
  }
}
