// A process that takes a lock, says so on stdout, and keeps it until it is killed; or says who has it, and ends.
//   node holding.fixture.ts <path> <program>

import { takeExclusive } from './exclusive.ts';

const [, , path = '', program = ''] = process.argv;
try {
  takeExclusive(path, program);
  process.stdout.write(`${JSON.stringify({ took: process.pid })}\n`);
  process.stdin.resume();
} catch (cause) {
  const { code, message } = cause as { code?: string; message: string };
  process.stdout.write(`${JSON.stringify({ code, message })}\n`);
}
