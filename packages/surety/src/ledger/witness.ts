// A witness (C2SP tlog-witness): remembers the last head that it cosigned of each log it knows, and cosigns
// only one that extends it. Run by somebody whom the log's operator does not control.
//   node witness.ts --folder F --name NAME --listen HOST:PORT --log VKEY [--log VKEY]... [--with-parent]
//   node witness.ts --folder F --name NAME --make-key                   prints its verifier key
// A witness whose memory is lost must be retired with its key: it could be made to cosign a second history.

import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  cosign,
  emptyRoot,
  equal,
  fromBase64,
  fromUtf8,
  type Head,
  NOTE_COSIGNATURE,
  NoteError,
  openNote,
  parseHead,
  parseNote,
  parseVerifier,
  printNote,
  printVerifier,
  toBase64,
  type Verifier,
  verifyConsistency,
} from '@surety/proof/records';
import { clockFrom } from '../clock.ts';
import { makeFolder, writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';
import { takeExclusive } from './exclusive.ts';
import { sha256 } from './hash.ts';
import { ensureKey, type KeyPlace, type SigningKey } from './keys.ts';

/** 63 proof lines and a note with a few signatures. */
const bodyBytesMax = 64 * 1024;
const proofLinesMax = 63;
const requestMsMax = 10_000;
const connectionsMax = 256;

/** An answer other than 200, by the spec's status codes. */
class Refused extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, message: string, type = 'text/plain') {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** What was cosigned last, by origin; on disk before any answer says so. */
class Memory {
  readonly #path: string;
  readonly #heads: Map<string, { size: number; root: Uint8Array }>;

  constructor(path: string) {
    this.#path = path;
    const stored = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { size: number; root: string }>;
    this.#heads = new Map(
      Object.entries(stored).map(([origin, { size, root }]) => [origin, { size, root: fromBase64(root) }]),
    );
  }

  last(origin: string): { size: number; root: Uint8Array } {
    return this.#heads.get(origin) ?? { size: 0, root: emptyRoot(sha256) };
  }

  remember({ origin, size, root }: Head): void {
    const heads = new Map(this.#heads).set(origin, { size, root });
    const stored = [...heads].map(([name, head]) => [name, { size: head.size, root: toBase64(head.root) }]);
    writeDurable(this.#path, JSON.stringify(Object.fromEntries(stored)));
    this.#heads.set(origin, { size, root });
  }
}

interface WitnessOptions {
  readonly key: SigningKey;
  readonly logs: readonly Verifier[];
  readonly memory: { last: Memory['last']; remember: Memory['remember'] };
  readonly nowMs: () => number;
}

/** Answers one `add-checkpoint` body with the cosignature line; throws `Refused`. The caller may be anyone. */
async function addCheckpoint(body: string, { key, logs, memory, nowMs }: WitnessOptions): Promise<string> {
  const { oldSize, proof, noteText } = parseSubmission(body);
  const { text, head } = headIn(noteText);
  const known = logs.filter((log) => log.name === head.origin);
  if (known.length === 0) throw new Refused(404, 'this log is not known here');
  await openNote(noteText, known).catch((cause: unknown) => {
    throw cause instanceof NoteError ? new Refused(403, 'no known key of this log signed this head') : cause;
  });
  if (oldSize > head.size) throw new Refused(400, 'the old size is above the new one');
  // INVARIANT: no await between reading the memory and writing it, or two histories could pass each other.
  const last = memory.last(head.origin);
  if (oldSize !== last.size) throw conflict(last.size);
  if (oldSize === head.size && !equal(last.root, head.root)) throw conflict(last.size);
  if (!verifyConsistency(oldSize, last.root, head.size, head.root, proof, sha256))
    throw new Refused(422, 'the head does not extend the one that was cosigned');
  memory.remember(head);
  const signature = await cosign(text, key.verifier, Math.floor(nowMs() / 1000), key.sign);
  return printNote({ text, signatures: [signature] }).slice(text.length + 1);
}

const conflict = (size: number): Refused => new Refused(409, `${size}\n`, 'text/x.tlog.size');

function parseSubmission(body: string): { oldSize: number; proof: Uint8Array[]; noteText: string } {
  const divide = body.indexOf('\n\n');
  const [old = '', ...lines] = body.slice(0, Math.max(0, divide)).split('\n');
  const oldSize = Number(/^old (0|[1-9][0-9]{0,15})$/.exec(old)?.[1] ?? 'none');
  if (!Number.isSafeInteger(oldSize) || lines.length > proofLinesMax) throw malformed();
  return { oldSize, proof: lines.map(proofHash), noteText: body.slice(divide + 2) };
}

function proofHash(line: string): Uint8Array {
  try {
    const hash = fromBase64(line);
    if (hash.length === 32) return hash;
  } catch {
    // Said below.
  }
  throw malformed();
}

function headIn(noteText: string): { text: string; head: Head } {
  try {
    const { text } = parseNote(noteText);
    return { text, head: parseHead(text) };
  } catch {
    throw malformed();
  }
}

const malformed = (): Refused => new Refused(400, 'the submission is malformed');

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: WitnessOptions,
): Promise<void> {
  try {
    if (request.method !== 'POST' || !request.url?.endsWith('/add-checkpoint'))
      throw new Refused(404, 'only POST /add-checkpoint is answered');
    const line = await addCheckpoint(await bodyOf(request), options);
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(line);
  } catch (cause) {
    const refused = cause instanceof Refused ? cause : new Refused(500, 'the head could not be recorded');
    response.writeHead(refused.status, { 'content-type': refused.type }).end(refused.message);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > bodyBytesMax) throw new Refused(413, 'the submission is too large');
    parts.push(part);
  }
  try {
    return fromUtf8(Buffer.concat(parts));
  } catch {
    throw malformed();
  }
}

function witnessServer(options: WitnessOptions): Server {
  const server = createServer(
    { requestTimeout: requestMsMax, headersTimeout: requestMsMax },
    (request, response) => void answer(request, response, options),
  );
  server.maxConnections = connectionsMax;
  return server;
}

/** The memory is made before the key: a key without its memory is a witness that forgot. */
function openWitness(folder: string, name: string): { key: SigningKey; memory: Memory } {
  const path = join(folder, 'heads.json');
  const place: KeyPlace = { folder, stem: 'witness', name, type: NOTE_COSIGNATURE };
  makeFolder(folder, 0o700);
  if (!existsSync(path)) {
    if (existsSync(join(folder, 'witness.key')))
      throw new LedgerError('corrupt', `\`${path}\` is lost: retire this witness and its key`);
    writeDurable(path, '{}');
  }
  return { key: ensureKey(place), memory: new Memory(path) };
}

const options = {
  folder: { type: 'string' },
  name: { type: 'string' },
  listen: { type: 'string', default: '127.0.0.1:0' },
  log: { type: 'string', multiple: true },
  'make-key': { type: 'boolean', default: false },
  'with-parent': { type: 'boolean', default: false },
} as const;

function main(argv: readonly string[]): void {
  const { values } = parseArgs({ args: [...argv], options, strict: true });
  const { folder, name } = values;
  if (folder === undefined || name === undefined) throw new TypeError('`--folder` and `--name` are needed');
  const logs = (values.log ?? []).map((text) => parseVerifier(text));
  const [, host, port] = /^(.+):([0-9]{1,5})$/.exec(values.listen) ?? [];
  if (host === undefined) throw new TypeError(`\`${values.listen}\` is not \`host:port\``);
  makeFolder(folder, 0o700);
  const lock = takeExclusive(join(folder, 'witness'), 'witness');
  const { key, memory } = openWitness(folder, name);
  const vkey = printVerifier(key.verifier);
  if (values['make-key']) {
    lock.release();
    say(vkey);
    return;
  }
  const clock = clockFrom(process.env);
  const server = witnessServer({ key, logs, memory, nowMs: () => clock.now() });
  server.on('error', fail);
  server.listen(Number(port), host, () =>
    say(JSON.stringify({ ready: true, vkey, port: (server.address() as AddressInfo).port })),
  );
  if (values['with-parent']) process.stdin.on('end', () => process.exit(0)).resume();
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function fail(cause: unknown): never {
  process.stderr.write(`witness: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exit(cause instanceof TypeError ? 64 : 1);
}

if (import.meta.main) {
  try {
    main(process.argv.slice(2));
  } catch (cause) {
    fail(cause);
  }
}
