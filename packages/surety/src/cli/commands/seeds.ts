// `surety seeds`: how often planted requests were caught, and how long people took; `surety seeds plant` plants one now.

import { type OpenDesk, withDesk } from '../desk.ts';
import { type SeedReport, seedReport } from '../seeded.ts';
import { configOf, openStore } from '../store.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

export async function seeds(
  terminal: Terminal,
  { folder, json }: { readonly folder: string; readonly json?: boolean },
): Promise<Exit> {
  const config = await configOf(terminal, folder);
  const store = openStore(config);
  try {
    const report = seedReport(store);
    if (json === true) terminal.out(JSON.stringify(report));
    else if (report.length === 0) terminal.out('no planted request was answered yet');
    else for (const each of report) terminal.out(lineOf(each));
    return exit.ok;
  } finally {
    store.close();
  }
}

export async function plantSeed(
  terminal: Terminal,
  open: OpenDesk,
  name: string | undefined,
  { folder, json }: { readonly folder: string; readonly json?: boolean },
): Promise<Exit> {
  const config = await configOf(terminal, folder);
  const planted = await withDesk(config, terminal, open, (desk) => desk.plant(name));
  terminal.out(json === true ? JSON.stringify(planted) : `planted ${planted.seed}: tell nobody`);
  return exit.ok;
}

const percent = (share: number | null): string => (share === null ? '-' : `${Math.round(share * 100)} %`);

function lineOf(each: SeedReport): string {
  const {
    function: name,
    answered,
    caught,
    unanswered,
    catchRate,
    catchRateLow,
    catchRateHigh,
    medianMs,
  } = each;
  const share =
    catchRate === null
      ? 'none answered'
      : `${caught} of ${answered} caught: ${percent(catchRate)} (${percent(catchRateLow)} to ${percent(catchRateHigh)})`;
  const time = medianMs === null ? '' : `, median ${Math.round(medianMs / 1_000)} s`;
  return `${name}  ${share}${time}${unanswered === 0 ? '' : `, ${unanswered} unanswered`}`;
}
