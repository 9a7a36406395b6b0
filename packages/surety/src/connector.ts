// Connecting to a server over HTTP: the name is looked up here, each address is judged, and the connection goes to
// one that was judged. So no answer of the name's DNS, however it changes, leads to where the owner did not point.

import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { whyNotAt } from './addresses.ts';

export type Resolve = (
  host: string,
  options: { readonly all: true; readonly family?: number; readonly hints?: number },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface ConnectorOptions {
  readonly timeoutMs: number;
  readonly linkLocal: boolean;
  /** Default the system's. */
  readonly resolve?: Resolve | undefined;
}

export function connectorTo({ hostname }: URL, options: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({ timeout: options.timeoutMs, lookup: judged(hostname, options) });
  const whyNot = whyNotTo(hostname, options.linkLocal);
  if (whyNot === undefined) return connect;
  return (_, callback) => callback(whyNot, null);
}

/** Why nothing may be connected to an address as it stands; names are judged when they are looked up. */
export function whyNotTo(hostname: string, linkLocal = false): NodeJS.ErrnoException | undefined {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  const whyNot = isIP(literal) === 0 ? undefined : whyNotAt(hostname, literal, linkLocal);
  return whyNot === undefined ? undefined : refusedAddress(whyNot);
}

/** Looks a name up, and gives only addresses that it may lead to. */
export function judged(
  host: string,
  { linkLocal, resolve = lookup }: Omit<ConnectorOptions, 'timeoutMs'>,
): LookupFunction {
  return (name, { all, family, hints }, done) => {
    const wanted = typeof family === 'number' ? { family } : {};
    resolve(name, { all: true, ...wanted, ...(hints === undefined ? {} : { hints }) }, (error, found) => {
      if (error !== null) return done(error, []);
      const allowed = found.filter(({ address }) => whyNotAt(host, address, linkLocal) === undefined);
      const [first] = allowed;
      const why = whyNotAt(host, found[0]?.address ?? '', linkLocal) ?? 'it has no address';
      if (first === undefined) return done(refusedAddress(why), []);
      return all === true ? done(null, allowed) : done(null, first.address, first.family);
    });
  };
}

const refusedAddress = (why: string): NodeJS.ErrnoException =>
  Object.assign(new Error(why), { code: 'address-refused' });
