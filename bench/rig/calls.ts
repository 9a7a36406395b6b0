// The call of all benchmarks: `tools/call` of 2 kB or of another size, a payment of an invoice with its lines.
// The number makes each call another one, at a fixed width, so that every request has the same length.

export const smallBytes = 2_000;
export const largeBytes = 100_000;
export const orders = 50;

/** Numbers of calls begin here, so that each has as many digits. */
export const firstCall = 100_000_000_000;
const orderOf = (number: number): string => `O-${String(number % orders).padStart(3, '0')}`;
/** Stand in the text where the number and the order belong. */
const [numberMark, orderMark] = [firstCall, 'O-000'];

const pieces = new Map<string, readonly string[]>();

export interface Wanted {
  /** Of the whole text; default 2 kB. */
  readonly bytes?: number;
  /** With a token for what the tool says while it works. */
  readonly progress?: boolean;
}

/** The JSON text of call `number` of a tool. */
export function callText(tool: string, number: number, wanted: Wanted = {}): string {
  const kind = JSON.stringify([tool, wanted]);
  const known = pieces.get(kind) ?? piecesOf(tool, wanted);
  pieces.set(kind, known);
  return known
    .map((piece) => (piece === String(numberMark) ? number : piece === orderMark ? orderOf(number) : piece))
    .join('');
}

function piecesOf(tool: string, { bytes = smallBytes, progress = false }: Wanted): readonly string[] {
  const args = {
    invoice_id: `INV-${numberMark}`,
    order_id: orderMark,
    vendor_id: 'V-7',
    amount: '1.50',
    currency: 'USD',
    lines: Array.from({ length: 8 }, (_, line) => ({ line, text: 'paper, a4', amount: '230.06' })),
  };
  const message = (note: string): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: numberMark,
      method: 'tools/call',
      params: {
        name: tool,
        arguments: { ...args, note },
        ...(progress ? { _meta: { progressToken: 'p-1' } } : {}),
      },
    });
  const text = message('n'.repeat(bytes - message('').length));
  return text.split(new RegExp(`(${numberMark}|${orderMark})`));
}

/** A whole HTTP request. */
export function httpRequest(path: string, headers: Readonly<Record<string, string>>, text: string): Buffer {
  const lines = Object.entries({
    host: '127.0.0.1',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
    'content-length': String(Buffer.byteLength(text)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`);
}
