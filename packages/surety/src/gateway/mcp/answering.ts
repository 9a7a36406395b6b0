// The methods that the front serves, in both eras. Only tools are offered; every other method does not exist.
// A call goes to the governor with what it needs to decide and one way to send it, which works once.

import type { Endpoint, OnProblem, Target } from './endpoint.ts';
import { type Era, legacyVersions, metaKeys, metaOf, modernVersions, withoutEnvelope } from './eras.ts';
import { UpstreamError } from './errors.ts';
import { checkMirrored } from './mirrored.ts';
import type { Caller, Governor, ToolReply, ToolRequest, UpstreamReply } from './port.ts';
import { Refusal } from './refusal.ts';
import {
  errorText,
  isMembers,
  type Members,
  type Request,
  replaced,
  resultText,
  rpc,
  withMember,
} from './wire.ts';

export interface Context {
  readonly governor: Governor;
  readonly caller: Caller;
  readonly endpoint: Endpoint;
  readonly era: Era;
  /** Throws `Refusal` for a header that comes more than once. */
  readonly headerOf: (name: string) => string | undefined;
  readonly listMaxAgeMs: number;
  /** Sends a call of this caller to a server, if the caller's part of what the server can do at once allows it. */
  readonly share: (server: string, send: () => Promise<UpstreamReply>) => Promise<UpstreamReply>;
  readonly onProblem: OnProblem;
}

type Serve = (context: Context, request: Request) => Promise<string>;

/** What each era can ask. Plain maps: a client writes the method, and `constructor` must not be one. */
const methods: Readonly<Record<Era, ReadonlyMap<string, Serve>>> = {
  legacy: new Map<string, Serve>([
    ['initialize', initialize],
    ['ping', async (_, { idText }) => resultText(idText, '{}')],
    ['tools/list', listTools],
    ['tools/call', callTool],
  ]),
  modern: new Map<string, Serve>([
    ['server/discover', discover],
    ['tools/list', listTools],
    ['tools/call', callTool],
  ]),
};

/** The text of the JSON-RPC answer. Throws `Refusal`. */
export async function answerRequest(context: Context, request: Request): Promise<string> {
  const serve = methods[context.era].get(request.method);
  // 2026-07-28 asks for HTTP 404; earlier clients expect the error in an answer.
  if (serve === undefined)
    throw new Refusal(context.era === 'modern' ? 404 : 200, rpc.methodNotFound, 'there is no such method');
  try {
    return await serve(context, request);
  } catch (cause) {
    if (!(cause instanceof UpstreamError)) throw cause;
    context.onProblem(`a server could not be asked: ${cause.message}`);
    throw new Refusal(502, rpc.internalError, 'the server cannot be reached now');
  }
}

const invalidParams = (message: string): Refusal => new Refusal(200, rpc.invalidParams, message);

async function initialize({ endpoint }: Context, { idText, params }: Request): Promise<string> {
  const { protocolVersion: asked } = params;
  if (typeof asked !== 'string') throw invalidParams('protocolVersion is not a string');
  const protocolVersion = legacyVersions.includes(asked) ? asked : legacyVersions[0];
  const about = await endpoint.about();
  return resultText(idText, JSON.stringify({ ...about, protocolVersion, capabilities: { tools: {} } }));
}

async function discover({ endpoint }: Context, { idText }: Request): Promise<string> {
  const { serverInfo, instructions } = await endpoint.about();
  const result = {
    resultType: 'complete',
    supportedVersions: modernVersions,
    capabilities: { tools: {} },
    ...(typeof instructions === 'string' ? { instructions } : {}),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { [metaKeys.server]: serverInfo },
  };
  return resultText(idText, JSON.stringify(result));
}

async function listTools(context: Context, { idText, params }: Request): Promise<string> {
  const { governor, caller, endpoint, era, listMaxAgeMs } = context;
  // There is one page, so a cursor is none of ours.
  if (params.cursor !== undefined) throw invalidParams('the cursor is not known');
  const listed = await endpoint.list();
  const texts = listed.filter(({ tool }) => governor.mayUse(caller, tool)).map(({ text }) => text);
  // Private: what one caller may see is nobody else's.
  const cached = `"resultType":"complete","ttlMs":${listMaxAgeMs},"cacheScope":"private",`;
  return resultText(idText, `{${era === 'modern' ? cached : ''}"tools":[${texts.join(',')}]}`);
}

async function callTool(context: Context, request: Request): Promise<string> {
  const { name, arguments: args = {}, task } = request.params;
  if (typeof name !== 'string') throw invalidParams('name is not a string');
  if (!isMembers(args)) throw invalidParams('arguments is not an object');
  // A task answers before it acts: what it did would be settled by an answer that says nothing.
  if (task !== undefined) throw invalidParams('tasks are not offered');
  const named = caseOf(context, request.params);
  const target = await context.endpoint.find(name);
  if (target === undefined) throw invalidParams('there is no such tool');
  if (context.era === 'modern') checkMirrored(await target.mirrored(), args, context.headerOf);
  const toolRequest: ToolRequest = {
    tool: target.tool,
    args,
    ...(named === undefined ? {} : { case: named }),
    forward: once(() =>
      context.share(target.upstream.server, () =>
        target.upstream.call(paramsFor(target, request, context.era)),
      ),
    ),
  };
  const reply = await context.governor.call(context.caller, toolRequest);
  return toolAnswer(reply, request.idText, context.era);
}

/** The unit of work that a call belongs to. Said twice, it must be said alike: else two readers may differ. */
function caseOf({ headerOf }: Context, params: Members): string | undefined {
  const caseHeader = headerOf('surety-case');
  const inBody = metaOf(params)?.['surety/case'];
  if (caseHeader !== undefined && inBody !== undefined && caseHeader !== inBody)
    throw new Refusal(400, rpc.invalidParams, 'the header and _meta name different cases');
  const named = caseHeader ?? inBody;
  if (named === undefined) return undefined;
  if (typeof named !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(named))
    throw new Refusal(400, rpc.invalidParams, 'the case is not a short visible text');
  return named;
}

/** The client's own text, but for the name on the merged endpoint and the envelope of this hop. */
function paramsFor({ native }: Target, request: Request, era: Era): string {
  const { params, paramsText, nameSpan, metaSpan } = request;
  const meta = metaOf(params);
  const edits: [number, number, unknown][] = [];
  if (nameSpan !== undefined && params.name !== native) edits.push([...nameSpan, native]);
  if (metaSpan !== undefined && meta !== undefined && era === 'modern')
    edits.push([...metaSpan, withoutEnvelope(meta)]);
  // From the end, so that the places of the earlier ones stay right.
  edits.sort(([a], [b]) => b - a);
  return edits.reduce((text, [start, end, by]) => replaced(text, [start, end], by), paramsText);
}

/** INVARIANT: whatever the governor does, one request of a client reaches the upstream at most once. */
function once(send: () => Promise<UpstreamReply>): () => Promise<UpstreamReply> {
  let sent = false;
  return async () => {
    if (sent) throw new Error('a call was to be forwarded twice');
    sent = true;
    return send();
  };
}

function toolAnswer(reply: ToolReply, idText: string, era: Era): string {
  if (reply.is !== 'upstream') return resultText(idText, sorry(reply.message, era));
  const { reply: upstream } = reply;
  if (upstream.is === 'error') return errorText(idText, upstream.text);
  if (upstream.is === 'not-sent')
    return resultText(idText, sorry('Not sent: the tool could not be reached.', era));
  if (upstream.is === 'lost')
    return resultText(idText, sorry('No answer came. It is not known whether this took effect.', era));
  const said = Object.hasOwn(upstream.value, 'resultType');
  const complete =
    era === 'legacy' || said ? upstream.text : withMember(upstream.text, 'resultType', 'complete');
  return resultText(idText, complete);
}

/** An error that the model reads and can act on, rather than one of the protocol. */
const sorry = (text: string, era: Era): string =>
  JSON.stringify({
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text }],
    isError: true,
  });
