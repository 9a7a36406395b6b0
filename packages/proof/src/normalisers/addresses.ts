// What money and messages are sent to: e-mail addresses, links, IBANs, other account numbers. In a call they must be
// plain ASCII, so that what is compared is what is done; a look-alike domain is another domain.

import { listOf } from './plain.ts';

/** Small letters: `Ann@Acme.example`. Quoted local parts and domains in other alphabets are read as none. */
export function emailKey(text: string): string | undefined {
  if (!isAscii(text)) return undefined;
  const address = text.toLowerCase();
  const [, domain] = /^[a-z0-9._%+-]{1,64}@([a-z0-9.-]{3,190})$/.exec(address) ?? [];
  return domain !== undefined && isHost(domain) ? address : undefined;
}

export const emailKeys = (piece: string): readonly string[] =>
  listOf(emailKey(piece.replace(/^mailto:/i, '')));

const isHost = (host: string): boolean => {
  const labels = host.split('.');
  return labels.length > 1 && labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label));
};

/** Asked before letters are made alike: the Kelvin sign is a small k then, and a long s a capital S. */
const isAscii = (text: string): boolean => /^[ -~]*$/.test(text);

interface Link {
  readonly scheme: string;
  readonly rest: string;
}

/** Of `http` and `https`, or without a scheme. A link with a name before its host (`https://acme@evil`) is read as none. */
function linkOf(text: string): Link | undefined {
  if (!/^[!-~]{4,2000}$/.test(text) || text.includes('\\')) return undefined;
  const [, written, rest = ''] = /^(?:(https?):\/\/)?(.*)$/i.exec(text) ?? [];
  const end = rest.search(/[/?#]/);
  const authority = (end === -1 ? rest : rest.slice(0, end)).toLowerCase();
  const [, host = '', port] = /^([a-z0-9.-]{3,253})(?::([0-9]{1,5}))?$/.exec(authority) ?? [];
  if (!isHost(host) || (written === undefined && !/\.[a-z]{2,63}$/.test(host))) return undefined;
  const scheme = written?.toLowerCase() ?? '';
  const isDefault = port === undefined || port === { http: '80', https: '443' }[scheme];
  const path = end === -1 ? '' : rest.slice(end);
  return { scheme, rest: `${host}${isDefault ? '' : `:${port}`}${path === '' ? '/' : path}` };
}

/** Host and port by their meaning, path and query as they stand: nothing is decoded, and no step back is taken. */
export function linkKey(text: string): string | undefined {
  const link = linkOf(text);
  // `report.pdf` is spelled as a host, and is none.
  if (link === undefined || (link.scheme === '' && !link.rest.startsWith('www.'))) return undefined;
  return `${link.scheme}//${link.rest}`;
}

/** Who names a host without a scheme leaves that open; one that is named with it may be called without. */
export function linkKeys(piece: string): readonly string[] {
  const link = linkOf(piece);
  if (link === undefined) return [];
  const schemes = link.scheme === '' ? ['', 'https', 'http'] : [link.scheme, ''];
  return schemes.map((scheme) => `${scheme}//${link.rest}`);
}

/** ISO 13616, with its check digits; blanks between its groups mean nothing. */
export function ibanKey(text: string): string | undefined {
  const iban = text.replaceAll(' ', '').toUpperCase();
  if (text.length > 50 || !isAscii(text) || !/^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/.test(iban)) return undefined;
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4))
    for (const digit of String(Number.parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1 ? iban : undefined;
}

/** Six digits at least; blanks and hyphens between them mean nothing, a zero before them does. */
export function accountKey(leaf: string | number): string | undefined {
  const text = String(leaf);
  if (!/^\+?[0-9]([ -]?[0-9]){5,29}$/.test(text)) return undefined;
  return text.replace(/[ -]/g, '');
}
