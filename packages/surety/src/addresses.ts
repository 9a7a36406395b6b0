// Where the gateway's own connections may lead. The owner's file names a server; what that name resolves to is chosen
// by whoever answers for the name, at every connection anew (DNS rebinding), and could be a place that only this host
// reaches: its own programs, or the address where a cloud hands out credentials.

import { BlockList, isIP, isIPv4 } from 'node:net';

/** Link-local, unspecified, multicast; and where clouds answer that is none of these. */
const special = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  // Alibaba's and Oracle's metadata.
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
] as const)
  special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  // Amazon's and Google's metadata, and IPv4 link-local through a translator (RFC 6052).
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['64:ff9b::a9fe:0', 112],
] as const)
  special.addSubnet(network, prefix, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const within = (list: BlockList, address: string): boolean =>
  list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

/** Without the brackets that a URL puts around IPv6, and without a zone. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');

/** True for an address, as text, that no server is expected at. */
export const isSpecial = (host: string): boolean => isIP(bare(host)) !== 0 && within(special, bare(host));

const isOwnName = (host: string): boolean =>
  /(^|\.)localhost\.?$/i.test(host) || (isIP(bare(host)) !== 0 && within(loopback, bare(host)));

/** Why a server that is called `host` may not be looked for at `address`; undefined if it may. */
export function whyNotAt(host: string, address: string, linkLocal = false): string | undefined {
  if (isIP(bare(address)) === 0) return 'it is no address';
  if (!linkLocal && within(special, bare(address))) return 'the address is link-local or reserved';
  if (within(loopback, bare(address)) && !isOwnName(host))
    return 'the name leads to this host, and does not say so';
  return undefined;
}
