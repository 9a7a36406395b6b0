// The MCP wire of the gateway: the front that agents talk to, the upstream servers behind it, and the port
// through which every call is decided.

export { bridge } from './bridge.ts';
export { contractsFor } from './contracts.ts';
export { Door } from './door.ts';
export { createFront, type Front, type FrontOptions } from './front.ts';
export type { FrontLimits } from './front-limits.ts';
export type { HttpOptions } from './http-options.ts';
export type { Caller, Governed, Governor, Input, ToolReply, ToolRequest, UpstreamReply } from './port.ts';
export { Refusal } from './refusal.ts';
export type { StdioOptions } from './stdio.ts';
export type { Upstream } from './upstream.ts';

import { HttpUpstream } from './http.ts';
import type { HttpOptions } from './http-options.ts';
import { type StdioOptions, StdioUpstream } from './stdio.ts';
import type { Upstream } from './upstream.ts';

export const stdioUpstream = (options: StdioOptions): Upstream => new StdioUpstream(options);
export const httpUpstream = (options: HttpOptions): Upstream => new HttpUpstream(options);
