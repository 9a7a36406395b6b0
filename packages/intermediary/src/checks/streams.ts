// Answers that come in parts. A gateway that collects them, or drops what is no message, breaks clients that wait: no
// progress, no questions of the server, and a connection that everybody in between believes dead.

import type { Bench } from '../bench.ts';
import { type Check, lanes, must } from '../check.ts';
import { legacy, messageIn } from '../message.ts';
import { release } from '../tools.ts';
import type { Coming } from '../wire.ts';

const begin = async (bench: Bench): Promise<Coming> => {
  const client = await bench.client();
  const params = { name: 'slow', arguments: { text: bench.word }, _meta: { progressToken: 'p-1' } };
  return client.begin('tools/call', params);
};

/** Runs while the call waits, and lets it end whatever comes. */
async function during<T>(bench: Bench, use: (coming: Coming) => Promise<T>): Promise<T> {
  const beginning = begin(bench);
  try {
    // Not every gateway sends a head before it has an answer: then nothing comes while the server waits.
    const coming = await beginning.catch(() => undefined);
    must(coming !== undefined, 'nothing came back while the server was still at work');
    return await use(coming);
  } finally {
    release(bench.word);
    await beginning.then((coming) => coming.until(() => false, bench.patienceMs)).catch(() => undefined);
  }
}

export const streamChecks: readonly Check[] = [
  {
    id: 'progress-at-once',
    level: 'must',
    sends: 'a call with a progress token, whose server reports progress and goes on working',
    holds: 'the notification reaches the client while the call is under way',
    source: 'IBM/mcp-context-forge #4302; MCP, progress',
    lanes: lanes.any,
    run: (bench) =>
      during(bench, async (coming) => {
        const isProgress = (so: Coming) =>
          so.messages.some(
            ({ method, params }) => method === 'notifications/progress' && params?.progressToken === 'p-1',
          );
        must(
          await coming.until(isProgress, bench.patienceMs),
          'no progress came while the server was at work',
        );
      }),
  },
  {
    id: 'keep-alive-kept',
    level: 'must',
    sends: 'a call whose server sends comments while it works',
    holds: "comments reach the client, the server's or the gateway's own",
    source: 'pipelock 2.3, which drops them; WHATWG HTML, server-sent events: keep-alive',
    lanes: lanes.any,
    run: (bench) =>
      during(bench, async (coming) => {
        const hasComment = (so: Coming) => /(?:^|\n):/.test(so.text);
        must(
          await coming.until(hasComment, bench.patienceMs),
          'no comment came while the server was at work',
        );
      }),
  },
  {
    id: 'answer-after-stream',
    level: 'must',
    sends: 'a call whose answer comes at the end of a stream',
    holds: 'the result reaches the client, and its stream ends',
    source: 'MCP, transports: sending messages to the server',
    lanes: lanes.any,
    run: async (bench) => {
      const beginning = begin(bench);
      const isAsked = (body: string) => body.includes(bench.word);
      const { patienceMs } = bench;
      await bench.server.waitFor(({ body }) => isAsked(body), { patienceMs });
      release(bench.word);
      const coming = await beginning;
      const hasResult = (so: Coming) => so.messages.some(({ result }) => result !== undefined);
      must(await coming.until(hasResult, patienceMs), 'no result came');
      await coming.until(() => false, patienceMs);
      must(coming.hasEnded, 'the stream stays open');
    },
  },
  {
    id: 'hanging-up-cancels',
    level: 'should',
    sends: 'a call of 2026-07-28 whose client goes away while the server works',
    holds: 'the server hears of it: its own connection closes, or it gets `notifications/cancelled`',
    source: 'MCP 2026-07-28, cancellation (SEP-2575)',
    lanes: lanes.modern,
    run: async (bench) => {
      const from = bench.server.heard.length;
      const { patienceMs } = bench;
      await during(bench, async (coming) => {
        const call = await bench.server.waitFor(({ body }) => body.includes(bench.word), {
          from,
          patienceMs,
        });
        must(call !== undefined, 'the call did not reach the server');
        coming.hangUp();
        const isCancelled = ({ body }: { body: string }) =>
          messageIn(body)?.method === 'notifications/cancelled';
        const told = await Promise.race([
          call.gone.then(() => true),
          bench.server.waitFor(isCancelled, { from, patienceMs }).then((heard) => heard !== undefined),
        ]);
        must(told, 'the server was not told');
      });
    },
  },
  {
    id: 'question-reaches-client',
    level: 'must',
    sends: 'a call whose server asks the client for input before it answers (2025-11-25)',
    holds: 'the question reaches the client on the stream of the call, and its answer the server',
    source: 'IBM/mcp-context-forge #4302; MCP 2025-11-25, elicitation',
    lanes: lanes.legacyOnly,
    run: async (bench) => {
      const client = await bench.client();
      const coming = await client.begin('tools/call', { name: 'ask', arguments: { text: bench.word } });
      const question = (so: Coming) => so.messages.find(({ method }) => method === 'elicitation/create');
      must(await coming.until((so) => question(so) !== undefined, bench.patienceMs), 'no question came');
      const from = bench.server.heard.length;
      await client.answer(question(coming)?.id, { action: 'accept', content: { name: bench.word } });
      const hasResult = (so: Coming) => so.messages.some(({ result }) => result !== undefined);
      must(await coming.until(hasResult, bench.patienceMs), 'no result came after the answer');
      must(bench.server.saw(bench.word, from), "the client's answer did not reach the server");
    },
  },
  {
    id: 'subscription-served',
    level: 'should',
    sends: '`subscriptions/listen` for changes of tools (2026-07-28)',
    holds: 'it is acknowledged first, and every notification names the subscription',
    source: 'MCP 2026-07-28, subscriptions (SEP-2575)',
    lanes: lanes.modernOnly,
    run: async (bench) => {
      const client = await bench.client();
      const coming = await client.begin('subscriptions/listen', {
        notifications: { toolsListChanged: true },
      });
      try {
        must(await coming.until((so) => so.messages.length > 0, bench.patienceMs), 'nothing came');
        const [first] = coming.messages;
        must(first?.method === 'notifications/subscriptions/acknowledged', `it begins with ${first?.method}`);
        const meta = first?.params?._meta as Record<string, unknown> | undefined;
        must(meta?.['io.modelcontextprotocol/subscriptionId'] !== undefined, 'it names no subscription');
      } finally {
        coming.hangUp();
      }
    },
  },
  {
    id: 'session-unknown',
    level: 'must',
    sends: 'a call in a session that nobody opened',
    holds: 'HTTP 404 or 400, and nothing reaches the server',
    source: 'MCP 2025-11-25, transports: session management',
    lanes: lanes.legacyOnly,
    run: async (bench) => {
      const client = await bench.client();
      const since = bench.since();
      const bend = { headers: { 'mcp-session-id': `${bench.word}-none`, 'mcp-protocol-version': legacy } };
      const { status } = await client.call('echo', { text: `call-${bench.word}` }, bend);
      must(!since.saw(`call-${bench.word}`), 'the call reached the server');
      must(status === 404 || status === 400, `it was answered with HTTP ${status}`);
    },
  },
];
