// Where exported lines go, and from when on they count as delivered. Into a file: when they are synced. Into a pipe
// or a socket: when so much has been written behind them that they must have been read, because what lies in a pipe
// dies with whoever reads it. Nothing counts before that, so it is written again after a crash, never left out.

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

export interface Delivery {
  /** Writes whole lines; gives how many of all lines written so far are delivered. */
  write(lines: readonly string[]): Promise<number>;
}

/** A file that holds something else than lines of this export. */
export class DeliveryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DeliveryError';
  }
}

/** The most that Linux lets an ordinary account hold in a pipe (/proc/sys/fs/pipe-max-size); a socket holds less. */
const underwayBytesMax = 1 << 20;

/** Opened anew each time: what a log rotation moved away is not written to any more. Throws DeliveryError. */
export function toFile(path: string, lineStart: string): Delivery {
  if (existsSync(path)) cutTorn(path, lineStart);
  let count = 0;
  return {
    write: async (lines) => {
      const file = openSync(path, 'a', 0o600);
      try {
        writeAll(file, lines);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      count += lines.length;
      return count;
    },
  };
}

function writeAll(file: number, lines: readonly string[]): void {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

interface Writable {
  readonly fd?: number;
  write(text: string, done: (error?: Error | null) => void): boolean;
}

export function toStream(stream: Writable): Delivery {
  const { fd = -1 } = stream;
  const syncs = fd >= 0 && fstatSync(fd).isFile();
  /** Where each line that may still be underway ends, counted in bytes from the first. */
  const underway: number[] = [];
  let [written, delivered] = [0, 0];
  return {
    write: async (lines) => {
      for (const line of lines) {
        written += Buffer.byteLength(line) + 1;
        underway.push(written);
      }
      await new Promise<void>((resolve, reject) => {
        stream.write(lines.map((line) => `${line}\n`).join(''), (error) =>
          error ? reject(error) : resolve(),
        );
      });
      if (syncs) fsyncSync(fd);
      const certain = syncs ? written : written - underwayBytesMax;
      while (underway.length > 0 && (underway[0] as number) <= certain) {
        underway.shift();
        delivered += 1;
      }
      return delivered;
    },
  };
}

const lastLineBytesMax = 1 << 20;

/** Removes the half of a line that a killed export left: it comes again, whole. */
function cutTorn(path: string, lineStart: string): void {
  const file = openSync(path, 'r+');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, lastLineBytesMax));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const last = tail.subarray(tail.lastIndexOf(10) + 1);
    if (last.length === 0) return;
    const start = last.subarray(0, lineStart.length).toString();
    // Somebody else's text is not ours to cut.
    if (last.length === lastLineBytesMax || !lineStart.startsWith(start))
      throw new DeliveryError(`\`${path}\` ends in the middle of a line that is not of this export`);
    ftruncateSync(file, size - last.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
