// A port for the story's own servers.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what operating systems hand out by themselves (Linux from 32768, others from 49152): while one of the story's
 * servers is down, no connection and no server of somebody else's is given its port, and nobody answers in its place.
 */
const [lowest, above] = [16_384, 32_768];

/** The wanted port if nobody has it; else, and for 0, any that is free. */
export function freePort(wanted: number): Promise<number> {
  const port = wanted === 0 ? randomInt(lowest, above) : wanted;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(freePort(0)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
