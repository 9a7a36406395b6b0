// The accounts payable process: MCP over standard input and output, both protocol eras, official SDK.
//   ERP_DB        path of the database (made by `seed.ts`)
//   ERP_USER      the user name written into `payments.created_by`
//   SURETY_CLOCK  optional: the told time (`clock.ts`)
//   ERP_FAULT     optional: a fault for a test (`fault.ts`)

import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { nowMs } from '../../stage/clock.ts';
import { openDatabase } from './database.ts';
import { faultsFrom } from './fault.ts';
import { erpServer } from './tools.ts';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`\`${name}\` is not set`);
  return value;
}

const db = openDatabase(required('ERP_DB'));
const clock = process.env['SURETY_CLOCK'];
nowMs(clock); // A clock that cannot be read stops the start, not the first payment.
const books = {
  db,
  user: required('ERP_USER'),
  faults: faultsFrom(process.env['ERP_FAULT']),
  now: () => nowMs(clock),
};

serveStdio(() => erpServer(books));
