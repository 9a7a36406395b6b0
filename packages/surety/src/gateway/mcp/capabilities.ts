// What client and server declare, as far as it can be served through this gateway. What passes is known from end to
// end; what does not, an extension for example that has methods of its own, is taken away on both sides, never on one.

import { isMembers, type Members } from './wire.ts';

/** What a server of the earlier era may ask, and the capability by which a client offers it. */
export const questions: ReadonlyMap<string, string> = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/** Whether a client that declared this can be asked something, so that its servers need to know who it is. */
export const canBeAsked = (capabilities: Members): boolean =>
  [...questions.values()].some((each) => capabilities[each] !== undefined);

/** Its methods are served for clients of the newer era, on servers of it (tasking.ts). */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

/** Extensions without methods of their own: they say more in messages that pass in any case. */
const extensionsPassed: readonly string[] = ['io.modelcontextprotocol/ui'];
const modernExtensions: readonly string[] = [...extensionsPassed, tasksExtension];

/** What a client declares, as its server is told. */
export function passedOn(capabilities: Members): Members {
  return { ...only(capabilities, [...questions.values()]), ...extensionsOf(capabilities) };
}

const only = (members: Members, names: readonly string[]): Members =>
  Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(members, name) ? [[name, members[name]] as const] : [])),
  );

function extensionsOf({ extensions }: Members, known = extensionsPassed): Members {
  if (!isMembers(extensions)) return {};
  const passed = only(extensions, known);
  return Object.keys(passed).length === 0 ? {} : { extensions: passed };
}

/** The same, if every extension in it is known to the newer era. */
export function knownExtensions(capabilities: Members): Members {
  const { extensions, ...rest } = capabilities;
  const unknown =
    isMembers(extensions) && Object.keys(extensions).some((each) => !modernExtensions.includes(each));
  return unknown ? { ...rest, ...extensionsOf(capabilities, modernExtensions) } : capabilities;
}

export interface Offer {
  /** Whether this client may read resources, or get prompts, of the server at all. */
  readonly mayRead: boolean;
  readonly mayPrompt: boolean;
  readonly mayComplete: boolean;
  readonly maySubscribe: boolean;
  /** Whether the client has a session, in which it can subscribe and be told what happens. */
  readonly session: boolean;
  /** Whether there is somebody who may hold a call for people. */
  readonly holds: boolean;
}

/** What a server offers, as a client of the earlier era is told. The gateway itself says when a list changes. */
export function offered(capabilities: unknown, offer: Offer): Members {
  const said = isMembers(capabilities) ? capabilities : {};
  const { resources, prompts, completions, logging } = said;
  const changes = { listChanged: true };
  const subscribes = offer.maySubscribe && isMembers(resources) && resources.subscribe === true;
  return {
    tools: changes,
    ...(isMembers(resources) && offer.mayRead
      ? { resources: { ...changes, ...(subscribes ? { subscribe: true } : {}) } }
      : {}),
    ...(isMembers(prompts) && offer.mayPrompt ? { prompts: changes } : {}),
    ...(isMembers(completions) && offer.mayComplete ? { completions } : {}),
    ...(isMembers(logging) && offer.session ? { logging } : {}),
    ...(offer.session ? tasksOf(said) : {}),
    ...(offer.session ? extensionsOf(said) : ofModern(said, offer)),
  };
}

/** A call that waits for people is a task of the gateway's own (held-calls.ts), whatever its server offers. */
function ofModern(said: Members, { holds }: Offer): Members {
  const passed = extensionsOf(said, modernExtensions);
  if (!holds) return passed;
  const { extensions } = passed;
  return { extensions: { ...(isMembers(extensions) ? extensions : {}), [tasksExtension]: {} } };
}

/** Calls of tools are what can run as a task here, in a session. */
function tasksOf({ tasks }: Members): Members {
  if (!runsTools(tasks)) return {};
  return { tasks: { ...only(tasks as Members, ['list', 'cancel']), requests: { tools: { call: {} } } } };
}

export const runsTools = (tasks: unknown): boolean =>
  isMembers(tasks) &&
  isMembers(tasks.requests) &&
  isMembers(tasks.requests.tools) &&
  isMembers(tasks.requests.tools.call);
