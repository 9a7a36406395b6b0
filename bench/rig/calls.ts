// The call of all benchmarks: `tools/call` of 2 kB, a payment of an invoice with its lines. The number makes
// each call another one, at a fixed width, so that every request has the same length.

export const bodyBytes = 2_000;
export const orders = 50;

const digits = 12;
const numbered = (number: number): string => String(number).padStart(digits, '0');

/** The JSON text of call `number` of a tool. */
export function callText(tool: string, number: number): string {
  const args = {
    invoice_id: `INV-${numbered(number)}`,
    order_id: `O-${String(number % orders).padStart(3, '0')}`,
    vendor_id: 'V-7',
    amount: '1.50',
    currency: 'USD',
    lines: Array.from({ length: 8 }, (_, line) => ({ line, text: 'paper, a4', amount: '230.06' })),
  };
  const message = (note: string): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: number,
      method: 'tools/call',
      params: { name: tool, arguments: { ...args, note } },
    });
  return message('n'.repeat(bodyBytes - message('').length));
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
