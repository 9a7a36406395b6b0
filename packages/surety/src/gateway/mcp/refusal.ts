// A request that the wire itself turns away, before anybody decides about a call: HTTP status and JSON-RPC
// error in one. Nothing in it may tell a stranger what exists here.

import { errorObject, errorText } from './wire.ts';

export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: number,
    message: string,
    { data, headers = {} }: { data?: unknown; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.data = data;
    this.headers = headers;
  }

  body(idText = 'null'): string {
    return errorText(idText, errorObject(this.code, this.message, this.data));
  }
}
