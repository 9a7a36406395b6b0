// Where agents reach the gateway, and the files that this address is encrypted with: whose they are, whether they
// belong together, and how long the certificate is good for.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Config } from '../../config/index.ts';
import { modeOf } from './keys.ts';
import { fail, ok, type Row, warn } from './row.ts';

const dayMs = 86_400_000;
const soonDays = 14;

/** What there is to say of the address of agents, and of that of people. */
export function listening(config: Pick<Config, 'listen' | 'tls' | 'pages'>, now: number): Row[] {
  return [...agentsReach(config, now), ...peopleReach(config, now)];
}

function peopleReach({ pages }: Pick<Config, 'pages'>, now: number): Row[] {
  if (pages === undefined) return [];
  const { url, listen, tls, signIn } = pages;
  const provider = signIn === undefined ? '' : `; people also sign in at ${signIn.issuer}`;
  return [
    ok('pages', `${url}/, on ${listen.host}:${listen.port}${provider}`),
    ...(tls === undefined ? [] : certified(tls, now)),
  ];
}

/** Nothing to say of an address of this host without certificates. */
function agentsReach({ listen, tls }: Pick<Config, 'listen' | 'tls'>, now: number): Row[] {
  const { host } = listen;
  const isOwn = /^(localhost|127(\.\d+){3}|::1)$/i.test(host);
  if (tls === undefined)
    return isOwn
      ? []
      : [
          warn(
            'tls',
            `whoever listens on the way to ${host} reads every credential`,
            'add `tls` to surety.yaml, or listen on 127.0.0.1 behind a proxy that encrypts',
          ),
        ];
  return certified(tls, now);
}

function certified(tls: { readonly certificate: string; readonly key: string }, now: number): Row[] {
  const certificate = new X509Certificate(readFileSync(tls.certificate));
  const rows = [key(tls.key), validity(certificate, now)];
  if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(tls.key))))
    rows.push(
      fail(
        'tls key',
        `${tls.key} is not the key of ${tls.certificate}`,
        'name a certificate and its own key',
      ),
    );
  return rows;
}

/** Through links, which programs that renew certificates use; what counts is the file that is read. */
function key(path: string): Row {
  const stat = statSync(path);
  const found = `${path}, mode ${modeOf(stat)}, uid ${stat.uid}`;
  if ((stat.mode & 0o077) === 0) return ok('tls key', found);
  const remedy = 'have a certificate issued for another key if somebody may have read this one';
  return fail('tls key', `${found}: others can read it`, `chmod 600 ${path}; and ${remedy}`);
}

function validity({ subject, validFromDate, validToDate }: X509Certificate, now: number): Row {
  const name = subject?.replace(/\s*\n\s*/g, ', ') ?? 'without a subject';
  const days = Math.floor((validToDate.getTime() - now) / dayMs);
  const until = validToDate.toISOString().slice(0, 10);
  if (validFromDate.getTime() > now || days < 0)
    return fail(
      'tls certificate',
      `${name}: not valid today (until ${until})`,
      'renew it: no restart is needed',
    );
  if (days < soonDays)
    return warn(
      'tls certificate',
      `${name}: only ${days} days more (until ${until})`,
      'renew it: no restart is needed',
    );
  return ok('tls certificate', `${name}, until ${until}`);
}
