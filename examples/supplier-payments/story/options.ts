// The command line of the story.

import { parseArgs } from 'node:util';

const usage = `usage: npm start -- [--once] [--json] [--folder <path>]
  --once     end after the story, instead of staying up
  --json     print one JSON object as the last line of stdout
  --folder   where the story lives (default .surety/supplier-payments)
`;

/** What was asked on the command line; ends the process after `--help` or a mistake. */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        folder: { type: 'string' },
      },
    });
    if (!values.help) return values;
    process.stdout.write(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    process.exit(64);
  }
}
