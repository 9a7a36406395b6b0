// Files that survive a power cut: written beside, synced, renamed over, and the folder synced.
// A reader sees the old content or the new, never a part.

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface WriteOptions {
  /** Default 0o600: what lies beside the log holds values in the clear. Public keys and heads are 0o644. */
  readonly mode?: number;
}

let fileMode = 0o600;

/**
 * From here on the group of this process may read what it writes, but for what names its own mode: a sealer with an
 * account of its own gives heads and tiles to the gateway so.
 */
export const shareWithGroup = (): void => {
  fileMode = 0o640;
};

type Content = Uint8Array | string;

/** Replaces the file by this content, which may depend on the new file itself. Durable when it returns. */
export function writeDurable(
  path: string,
  content: Content | ((file: number) => Content),
  options: WriteOptions = {},
): void {
  const beside = join(dirname(path), `.${process.pid}.tmp`);
  const file = openSync(beside, 'w', options.mode ?? fileMode);
  try {
    try {
      const made = typeof content === 'function' ? content(file) : content;
      const bytes = typeof made === 'string' ? Buffer.from(made) : made;
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (cause) {
    // On a full disk a part of a file is the last thing to leave behind.
    rmSync(beside, { force: true });
    throw cause;
  }
  syncFolder(dirname(path));
}

/** Makes sure of a file that only its owner can read, before somebody else opens it: SQLite takes over its mode. */
export const ownFile = (path: string): void => closeSync(openSync(path, 'a', 0o600));

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Makes a folder and those above it, durably. */
export function makeFolder(folder: string, mode = 0o755): void {
  const first = mkdirSync(folder, { recursive: true, mode });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) syncFolder(dirname(at));
}
