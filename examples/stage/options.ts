// The command line of a story.

import { parseArgs } from 'node:util';

const usage = (
  story: string,
) => `usage: npm start -- [--story <name>] [--once] [--json] [--folder <path>] [--until <day>] [--port <port>]
  --story    supplier-payments (default) or production-database
  --once     end after the story, instead of staying up
  --json     print one JSON object as the last line of stdout
  --folder   where the story lives (default .surety/${story})
  --until    end after this day: day-1, day-2 or day-3 (default day-3)
  --port     where the gateway listens if the port is free; 0 takes any (default 7300)
`;

/** What was asked on the command line; ends the process after `--help` or a mistake. */
export function readOptions(story: string) {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        folder: { type: 'string' },
        until: { type: 'string', default: 'day-3' },
        port: { type: 'string', default: '7300' },
      },
    });
    if (!/^day-[123]$/.test(values.until))
      throw new Error(`--until \`${values.until}\` is no day of the story`);
    if (!/^\d{1,5}$/.test(values.port)) throw new Error(`--port \`${values.port}\` is no port`);
    if (!values.help) return values;
    process.stdout.write(usage(story));
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage(story)}`);
    process.exit(64);
  }
}
