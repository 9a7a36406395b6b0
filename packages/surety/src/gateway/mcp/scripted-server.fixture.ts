// A small stdio server for tests that does what its arguments and the tools called say, good and bad.
// Run as a process: `node scripted-server.fixture.ts [mode]`.

import { createInterface } from 'node:readline';

const [mode = 'plain'] = process.argv.slice(2);
if (mode === 'no-start') process.exit(3);

const write = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const answer = (id: unknown, result: string): void =>
  write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
const say = (text: string) => JSON.stringify({ content: [{ type: 'text', text }] });

const names =
  mode === 'odd-names'
    ? ['files.read', 'files_read', 'plain', 'with space', `long_${'x'.repeat(80)}`, 'twice', 'twice']
    : mode === 'mirrored'
      ? ['pay']
      : ['echo', 'hang', 'die'];
// Odd but valid spelling, so that a tool that is printed anew shows.
const toolText = (name: string) =>
  `{ "name":${JSON.stringify(name)}, "inputSchema":{"type":"object"},"weight":1.0 }`;
const mirroring =
  '{"name":"pay","inputSchema":{"type":"object","properties":{"amount":{"type":"number","x-mcp-header":"Amount"},' +
  '"to":{"type":"object","properties":{"iban":{"type":"string","x-mcp-header":"Iban"}}}}}}';
let waitingFor: unknown;
let lastAnswer = '';

function call(id: unknown, params: { name: string }, line: string): void {
  const { name } = params;
  if (name === 'hang') return;
  if (name === 'die') process.exit(1);
  if (name === 'die-after') {
    answer(id, say('done'));
    process.stdout.end(() => process.exit(1));
    return;
  }
  if (name === 'garbage') write('this is no message');
  if (name === 'duplicate-names') write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[],"content":[]}}`);
  if (name === 'twice') answer(id, say('one'));
  if (name === 'unknown-id') answer(999_999, say('for nobody'));
  if (name === 'never-a-newline') {
    const more = (): void => {
      process.stdout.write('x'.repeat(65_536), () => setImmediate(more));
    };
    return more();
  }
  if (name === 'last-answer') return answer(id, say(lastAnswer));
  if (name === 'asks-later') {
    // In one piece: asked the moment that the call is answered, before anybody can call again.
    const question = '{"jsonrpc":"2.0","id":"l","method":"elicitation/create","params":{"message":"Now?"}}';
    return void write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${say('done')}}\n${question}`);
  }
  if (name === 'elicits') {
    waitingFor = id;
    const params = '{"message":"Sure?","requestedSchema":{"type":"object","properties":{}}}';
    return void write(`{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":${params}}`);
  }
  if (name === 'asks') {
    waitingFor = id;
    return void write('{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}');
  }
  if (name === 'grows') {
    names.push(`grown-${names.length}`);
    write('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
  }
  if (name === 'env') return answer(id, say(JSON.stringify(process.env)));
  if (name === 'odd-result') return answer(id, '{ "content":[],"n":1.0, "e":"\\u00e9" }');
  if (name === 'error')
    return void write(`{"jsonrpc":"2.0","id":${id},"error":{ "code":-32050,"message":"no","data":1.0 }}`);
  if (['garbage', 'duplicate-names'].includes(name)) return;
  // The very line that was received.
  answer(id, say(line));
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  const { id, method, params } = message;
  if (mode === 'deaf' && method === 'notifications/initialized') return void process.stdin.pause();
  if (method === undefined) {
    lastAnswer = line;
    return id === 'q' ? answer(waitingFor, say(line)) : undefined;
  }
  if (method === 'initialize') {
    const protocolVersion = mode === 'old' ? '1999-01-01' : '2025-11-25';
    const serverInfo = { name: 'scripted', version: '1' };
    if (mode !== 'mute')
      answer(
        id,
        JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo, instructions: 'Be odd.' }),
      );
  } else if (method === 'tools/list') {
    // One tool a page.
    const at = Number(params.cursor ?? 0);
    const next = at + 1 < names.length ? `,"nextCursor":"${at + 1}"` : '';
    answer(id, `{"tools":[${mode === 'mirrored' ? mirroring : toolText(names[at] ?? '')}]${next}}`);
  } else if (method === 'tools/call') call(id, params, line);
  else if (id !== undefined)
    write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"no such method"}}`);
});
process.stderr.write('scripted server is up\n');
