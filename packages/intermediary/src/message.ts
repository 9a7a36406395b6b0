// JSON-RPC as this kit reads and writes it: leniently, for what it is shown is part of what it tests.

import type { Era } from './check.ts';

export type Members = Record<string, unknown>;
export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Members;
  readonly result?: Members;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The message in a text, or nothing: half of what passes here is meant to be no message. */
export function messageIn(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const modern: Era = '2026-07-28';
export const legacy: Era = '2025-11-25';
export const meta = {
  version: 'io.modelcontextprotocol/protocolVersion',
  client: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

export const text = (said: string): Members => ({ content: [{ type: 'text', text: said }] });
