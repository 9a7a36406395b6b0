// The writer thread: alone writes the store. Commits at once when idle; what queued meanwhile (at most
// 256 appends) is the next transaction, with no timer. An answer is sent after the commit was synced.

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { storeError } from '../errors.ts';
import type { Answers, FromWriter, ToWriter, WriterData } from './wire.ts';
import { Writer } from './writer.ts';

function run(port: MessagePort, data: WriterData): void {
  let writer: Writer;
  try {
    writer = new Writer(data);
  } catch (cause) {
    const { code, message } = storeError(cause, 'the store did not open');
    port.postMessage({ failed: code, message } satisfies FromWriter);
    port.close();
    return;
  }
  port.postMessage({ opened: writer.size } satisfies FromWriter);
  let spent: ArrayBuffer[] = [];
  const answer = (answers: Answers): void => {
    port.postMessage({ answers, spent } satisfies FromWriter, spent);
    spent = [];
  };
  port.on('message', (first: ToWriter) => {
    let open = false;
    for (let message: ToWriter | undefined = first; message !== undefined; message = next(port)) {
      if ('close' in message) {
        writer.commit(answer);
        writer.close();
        port.postMessage({ closed: true } satisfies FromWriter);
        port.close();
        return;
      }
      writer.stage(message.packet, answer);
      spent.push(message.packet.bytes.buffer);
      open = message.more;
    }
    if (!open) writer.commit(answer);
  });
}

const next = (port: MessagePort): ToWriter | undefined =>
  (receiveMessageOnPort(port) as { message: ToWriter } | undefined)?.message;

if (parentPort !== null) run(parentPort, workerData as WriterData);
