// `requestState` (2026-07-28, SEP-2322): what a server remembers travels through clients and gateways. It is a bearer of
// whatever it says, so it belongs to one principal and one request, and nobody may touch it.

import type { Bench } from '../bench.ts';
import { type Check, lanes, must } from '../check.ts';
import type { Reply } from '../client.ts';
import { isMembers, type Members } from '../message.ts';
import { stateText } from '../servers.ts';

const section = 'MCP 2026-07-28, multi round-trip requests (SEP-2322)';
const answers = { inputResponses: { name: { action: 'accept', content: { name: 'Ada' } } } };

/** The first round, as the first principal: what the client was given to send back. */
async function asked(bench: Bench): Promise<{ reply: Reply; state: unknown }> {
  const reply = await (await bench.client()).call('ask', { text: bench.word });
  const { result, error } = reply;
  must(result !== undefined, `the first round was answered with ${error?.code}: ${error?.message}`);
  must(result.resultType === 'input_required', `it says \`${String(result.resultType)}\``);
  return { reply, state: result.requestState };
}

const stateIn = (params: Members | undefined): unknown => params?.requestState;

export const stateChecks: readonly Check[] = [
  {
    id: 'state-kept',
    level: 'must',
    sends: 'a call that needs input, and the same again with the answer and the state',
    holds: 'the server gets back its state byte for byte; the client got the questions with unknown members',
    source: section,
    lanes: lanes.modernOnly,
    run: async (bench) => {
      const { reply, state } = await asked(bench);
      const { inputRequests } = reply.result as { inputRequests?: Members };
      const question = isMembers(inputRequests?.name) ? inputRequests.name.params : undefined;
      must(isMembers(question) && question['x-kit-unknown'] === 1, 'the question was changed');
      const from = bench.server.heard.length;
      const client = await bench.client();
      const { result } = await client.call(
        'ask',
        { text: bench.word },
        { more: { ...answers, requestState: state } },
      );
      must(result?.resultType === 'complete', 'the second round did not complete');
      const [reached] = bench.server.requests('tools/call', from);
      must(stateIn(reached?.message?.params) === stateText(bench.word), 'the state was changed');
    },
  },
  {
    id: 'state-of-another',
    level: 'must',
    sends: "the second principal's call with the state that the first was given",
    holds: 'the state does not reach the server',
    source: `${section}: state is bound to who it was given to`,
    lanes: lanes.modernOnly,
    principals: 2,
    run: async (bench) => {
      const { state } = await asked(bench);
      const other = await bench.client(1);
      const from = bench.server.heard.length;
      await other.call('ask', { text: bench.word }, { more: { ...answers, requestState: state } });
      const reached = bench.server.requests('tools/call', from);
      must(
        reached.every(({ message }) => stateIn(message?.params) !== stateText(bench.word)),
        'the state reached the server',
      );
    },
  },
  {
    id: 'state-of-another-request',
    level: 'should',
    sends: 'a call with other arguments, and one of another tool, with the state of the first',
    holds: 'the state does not reach the server',
    source: `${section}: state must not be used for another request`,
    lanes: lanes.modernOnly,
    run: async (bench) => {
      const { state } = await asked(bench);
      const client = await bench.client();
      const from = bench.server.heard.length;
      const more = { ...answers, requestState: state };
      await client.call('ask', { text: 'something else' }, { more });
      await client.call('echo', { text: bench.word }, { more });
      const reached = bench.server.requests('tools/call', from);
      must(
        reached.every(({ message }) => stateIn(message?.params) !== stateText(bench.word)),
        'the state reached the server',
      );
    },
  },
];
