// For tests: a house in which notes that begin with `big` wait for people, in front of two servers of the official SDK: one
// with sessions that runs tasks itself (`erp`), one of the newer era that does not, and may ask back (`desk`).

import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { changed } from '../governance/contained.fixture.ts';
import { files, TestHouse } from '../house.fixture.ts';
import type { Pages } from './mcp/held-calls.ts';
import { HttpUpstream } from './mcp/http.ts';
import { type Served, serve } from './mcp/surroundings.fixture.ts';
import { sessionTasks, type TasksServer, textResult } from './mcp/tasks-server.fixture.ts';
import { serveWeb, type WebServer } from './mcp/web.fixture.ts';

export const surety = changed['surety.yaml']
  .replace('servers: {', 'servers: { desk: { stdio: [node, desk.js], pins: observe },')
  .replace('  erp.note:', '  desk.note: { effect: write }\n  erp.note:');
const asks = (tool: string) => `
  - id: seen-${tool.replace('.', '-')}
    before: ${tool}
    when: "args.text.startsWith('big')"
    approve: { function: finance, count: 1, not: [requester, agent-owner] }
`;
const outcome = files['outcomes/payments.yaml'].replace(
  '\nreconcile:',
  `${asks('erp.note')}${asks('desk.note')}reconcile:`,
);
const policy = (agent: string) =>
  `@id("${agent}-desk")\npermit (principal == Agent::"${agent}", action, resource in Server::"desk");\n`;

function deskServer(noted: string[]): McpServer {
  const server = new McpServer({ name: 'desk', version: '1' });
  server.registerTool('note', { inputSchema: z.object({ text: z.string() }) }, async ({ text }, ctx) => {
    const { inputResponses } = ctx.mcpReq;
    if (text.includes('asks') && inputResponses === undefined) {
      const requestedSchema = z.object({ sure: z.boolean() });
      const confirm = inputRequired.elicit({ message: 'Sure?', requestedSchema });
      return inputRequired({ inputRequests: { confirm }, requestState: 'theirs' });
    }
    noted.push(text);
    return textResult(`noted ${text} ${JSON.stringify(inputResponses ?? null)}`, text.includes('fails'));
  });
  return server;
}

export class WaitingHouse {
  readonly house: TestHouse;
  readonly older: TasksServer;
  readonly #desk: WebServer;
  readonly #upstreams: readonly HttpUpstream[];
  readonly #noted: readonly string[];
  readonly #credentials = new Map<string, string>();
  readonly #pages: Pages | undefined;
  served: Served;

  private constructor(
    house: TestHouse,
    older: TasksServer,
    desk: { readonly web: WebServer; readonly noted: readonly string[] },
    upstreams: readonly HttpUpstream[],
    served: Served,
    pages: Pages | undefined,
  ) {
    this.#pages = pages;
    this.house = house;
    this.older = older;
    this.#desk = desk.web;
    this.#noted = desk.noted;
    this.#upstreams = upstreams;
    this.served = served;
  }

  static async open(pages?: Pages): Promise<WaitingHouse> {
    const older = await sessionTasks();
    const noted: string[] = [];
    const handler = createMcpHandler(() => deskServer(noted), { legacy: 'reject' });
    const web = await serveWeb((request) => handler.fetch(request));
    const upstreams = [
      new HttpUpstream({ server: 'erp', url: older.url }),
      new HttpUpstream({ server: 'desk', url: web.url }),
    ];
    const house = await TestHouse.open({
      'surety.yaml': surety,
      'outcomes/payments.yaml': outcome,
      'policies/agents.cedar': files['policies/agents.cedar'] + policy('buyer') + policy('second'),
    });
    const served = await serve({ governor: house.house.gateway, upstreams, pages });
    const opened = new WaitingHouse(house, older, { web, noted }, upstreams, served, pages);
    await opened.issue();
    return opened;
  }

  async issue(): Promise<void> {
    for (const agent of ['buyer', 'second'])
      this.#credentials.set(agent, (await this.house.house.issue(agent, 600_000)).credential);
  }

  /** The front begins anew, as after a restart: what lived in its memory is gone. */
  async begin(): Promise<void> {
    await this.served.close();
    const [governor, pages] = [this.house.house.gateway, this.#pages];
    this.served = await serve({ governor, upstreams: this.#upstreams, pages });
  }

  async close(): Promise<void> {
    await this.served.close();
    for (const each of [...this.#upstreams, this.older, this.#desk]) await each.close();
    await this.house.close();
  }

  authorization(agent = 'buyer'): string {
    return `Bearer ${this.#credentials.get(agent)}`;
  }

  /** Where the log ends, once all is in it. */
  async here(): Promise<number> {
    await this.house.house.gateway.caughtUp();
    return this.house.log.size();
  }

  /** What happened to calls and holds since then. */
  async since(position: number): Promise<string[]> {
    await this.house.house.gateway.caughtUp();
    const facts = (await this.house.facts()).slice(position);
    return facts.flatMap(({ kind }) => (/^(?:call|approval)\./.test(kind) ? [kind] : []));
  }

  /** The newest hold. */
  async hold(): Promise<string> {
    return (await this.house.factsOf('call.held')).at(-1)?.body.hold ?? '';
  }

  /** How often a server got this. */
  noted(text: string): number {
    return [...this.#noted, ...this.older.noted].filter((each) => each === text).length;
  }
}
