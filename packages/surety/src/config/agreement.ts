// What `surety.yaml` must agree on with itself and with the environment: servers that exist, owners who
// are people, keys that are keys. The schema has looked at each value alone; this looks at them together.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { parseVerifier, toHex } from '@surety/proof/records';
import { minorUnits } from '@surety/proof/rules';
import { isSpecial } from '../addresses.ts';
import { checkDeputies } from './agreement-deputies.ts';
import { checkNotify } from './agreement-notify.ts';
import { checkPages } from './agreement-pages.ts';
import type { Path } from './document.ts';
import type { Installation } from './installation.ts';
import { keyOfLine } from './key-line.ts';
import { checkLimits } from './limits.ts';
import { checkFunction } from './mention.ts';
import type { Findings, Names } from './names.ts';
import { closest, quote } from './problem.ts';
import { fillIn } from './secret.ts';
import { seedEveryMsMin } from './seeds.ts';
import { durationMs, durationMsMax } from './words.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export function checkInstallation(
  found: Findings,
  installation: Installation,
  names: Names,
  env: Environment,
): void {
  checkPort(found, ['listen'], installation.listen);
  checkListening(found, installation);
  checkLimits(found, ['limits'], installation.limits);
  checkPort(found, ['ledger', 'serve'], installation.ledger?.serve);
  checkSealer(found, installation.ledger);
  checkTelemetry(found, installation.telemetry, env);
  checkPages(found, installation, env);
  checkTimeZone(found, ['time-zone'], installation['time-zone']);
  for (const [id, server] of Object.entries(installation.servers ?? {})) {
    checkTransport(found, ['servers', id], server);
    checkSecrets(found, ['servers', id], server, env);
    checkDuration(found, ['servers', id, 'timeout'], server.timeout, 3_600_000);
  }
  checkTools(found, installation, names);
  checkPeople(found, installation);
  checkIdentities(found, installation, names);
  checkWitnesses(found, installation, names);
  checkNotify(found, installation, names, env);
  checkDeputies(found, installation, names);
  checkSeeds(found, installation.seeds?.every);
  for (const key of ['order', 'lift'] as const)
    for (const [index, name] of (installation.containment?.[key] ?? []).entries())
      checkFunction(found, ['containment', key, index], name, names);
  checkPasskeys(found, installation, names);
  for (const [index, name] of (installation.contracts?.approve ?? []).entries())
    checkFunction(found, ['contracts', 'approve', index], name, names);
}

function checkPasskeys(found: Findings, { passkeys }: Installation, names: Names): void {
  if (passkeys === undefined) return;
  for (const key of ['invite', 'confirm'] as const)
    for (const [index, name] of passkeys[key].entries())
      checkFunction(found, ['passkeys', key, index], name, names);
  for (const [index, name] of passkeys.invite.entries())
    if (passkeys.confirm.every((each) => each === name))
      found.add(
        ['passkeys', 'invite', index],
        `nobody could confirm what ${quote(name)} invites to`,
        'the function that invites never confirms: add another one to `confirm`',
      );
}

function checkSeeds(found: Findings, every: string | undefined): void {
  checkDuration(found, ['seeds', 'every'], every, 366 * 86_400_000);
  if (every !== undefined && durationMs(every) < seedEveryMsMin)
    found.add(['seeds', 'every'], 'that is more than one a day', 'write at least `1d`');
}

function checkSealer(found: Findings, ledger: Installation['ledger']): void {
  const { 'sealer-user': user, 'gateway-user': gateway } = ledger ?? {};
  for (const key of ['sealer-folder', 'gateway-user'] as const)
    if (user === undefined && ledger?.[key] !== undefined)
      found.add(
        ['ledger', key],
        `${quote(key)} belongs to \`sealer-user\``,
        'say which account seals',
        'key',
      );
  if (user !== undefined && user === gateway)
    found.add(
      ['ledger', 'gateway-user'],
      'the sealer and the gateway have the same account',
      'give each one of its own: whoever takes over the gateway must not have the log key',
    );
}

/** Whoever listens on the way reads every credential, and could use it. */
function checkListening(found: Findings, { listen, tls }: Installation): void {
  // `0.0.0.0` is every address of this host.
  if (listen === undefined || tls !== undefined || /^(localhost|127(\.\d+){3}|\[::1\]):/i.test(listen))
    return;
  found.warn(
    ['listen'],
    'credentials and calls come to this address unencrypted',
    'add `tls`, or have a proxy on this host encrypt and listen on 127.0.0.1',
  );
}

function checkTelemetry(found: Findings, telemetry: Installation['telemetry'], env: Environment): void {
  const { otlp, prometheus } = telemetry ?? {};
  if (prometheus !== 'socket') checkPort(found, ['telemetry', 'prometheus'], prometheus);
  if (otlp === undefined) return;
  checkAddress(found, ['telemetry', 'otlp', 'http'], otlp.http);
  checkSecrets(found, ['telemetry', 'otlp'], otlp, env);
}

export function checkPort(found: Findings, path: Path, hostPort: string | undefined): void {
  const port = hostPort === undefined ? 0 : Number(hostPort.slice(hostPort.lastIndexOf(':') + 1));
  if (port > 65_535) found.add(path, `there is no port ${port}`, 'write a port from 0 to 65535');
}

type Server = NonNullable<Installation['servers']>[string];

function checkTransport(found: Findings, path: Path, server: Server): void {
  const isStdio = found.document.has([...path, 'stdio']);
  const isHttp = found.document.has([...path, 'http']);
  if (found.document.has([...path, 'decided'])) return checkDecided(found, path, server);
  if (isStdio && isHttp) {
    const remedy = 'keep the one that the server speaks';
    found.add([...path, 'http'], '`stdio` and `http` exclude each other', remedy, 'key');
  } else if (isStdio || isHttp) {
    for (const key of isStdio ? (['headers', 'link-local'] as const) : (['cwd', 'env'] as const)) {
      if (server[key] === undefined) continue;
      const problem = `${quote(key)} belongs to \`${isStdio ? 'http' : 'stdio'}\``;
      found.add([...path, key], problem, 'remove it', 'key');
    }
  } else {
    const remedy = 'add `stdio: [command, argument]` or `http: https://...`';
    found.add(path, `${quote(path.at(-1))} has no transport`, remedy, 'key');
  }
  if (server.http !== undefined) checkServerAddress(found, path, server.http, server['link-local'] === true);
  server.stdio?.forEach((argument, index) => {
    // Arguments show in the list of processes, and addresses in logs: no place for a secret.
    if (argument.includes('${'))
      found.add(
        [...path, 'stdio', index],
        '`${...}` is not filled in here',
        'pass it to the command in `env`',
      );
  });
}

/** Nothing is sent to such a server, so nothing says how. */
function checkDecided(found: Findings, path: Path, server: Server): void {
  for (const key of ['stdio', 'cwd', 'env', 'http', 'headers', 'link-local', 'timeout'] as const)
    if (server[key] !== undefined)
      found.add(
        [...path, key],
        `${quote(key)} and \`decided\` exclude each other`,
        'remove one of them',
        'key',
      );
}

function checkServerAddress(found: Findings, path: Path, address: string, linkLocal: boolean): void {
  checkAddress(found, [...path, 'http'], address);
  const host = URL.canParse(address) ? new URL(address).hostname : '';
  if (linkLocal || !isSpecial(host)) return;
  found.add(
    [...path, 'http'],
    `the address is link-local or reserved: ${quote(host)}`,
    'correct it; or say `link-local: true` if a server of yours really answers there',
  );
}

export function checkAddress(found: Findings, path: Path, address: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const problem = `${quote(path.at(-1))} is not an http address: ${quote(address)}`;
    found.add(path, problem, 'write `https://host/path`');
  } else if (url.username !== '' || url.password !== '' || address.includes('${'))
    found.add(path, 'an address holds no secret', 'send it in `headers`, as `${NAME}`');
  else if (url.protocol === 'http:' && !isLoopback(url.hostname))
    found.warn(path, 'what is sent to this address is not encrypted', 'use https, or a server on this host');
}

/** Names and addresses that never leave this host. */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[0-9a-f:]*\]|0\.0\.0\.0|\[::\])\.?$/i.test(
    hostname,
  );

const secretName = /authorization|token|secret|password|cookie|api-?_?key/i;

function checkSecrets(
  found: Findings,
  path: Path,
  server: Pick<Server, 'env' | 'headers'>,
  env: Environment,
): void {
  for (const key of ['env', 'headers'] as const) {
    for (const [name, written] of Object.entries(server[key] ?? {})) {
      const place = [...path, key, name];
      const { value, faults, usesSecret } = fillIn(written, env);
      for (const { offset, problem, remedy } of faults)
        found.problems.push(found.document.within(place, offset, problem, remedy));
      // Never quotes the value: it may be the secret.
      if (/[\r\n\0]/.test(value) && (key === 'headers' || value.includes('\0')))
        found.add(place, `${quote(name)} holds a line break or a zero byte`, 'remove it from the value');
      if (!usesSecret && value !== '' && secretName.test(name))
        found.warn(
          place,
          `${quote(name)} looks like a secret written in the file`,
          'take it from the environment: `${NAME}`',
        );
    }
  }
}

function checkTools(found: Findings, { tools = {} }: Installation, names: Names): void {
  for (const [tool, { effect, money }] of Object.entries(tools)) {
    const server = tool.slice(0, tool.indexOf('.'));
    found.declared(['tools', tool], 'server', server, names.servers, '`servers`', 'key');
    if (tool.endsWith('.*') && effect !== 'read') {
      const remedy = 'label each tool that does more than read by its own name';
      found.add(['tools', tool, 'effect'], `a default can only be \`read\`: ${quote(effect)}`, remedy);
    }
    if (effect === 'spend' && money === undefined && !found.document.has(['tools', tool, 'money'])) {
      const remedy = 'add `money: { amount: args.<name>, unit: major, currency: args.<name> }`';
      found.add(['tools', tool], `${quote(tool)} spends, but nothing says how much`, remedy, 'key');
    }
  }
}

function checkPeople(found: Findings, { people = [] }: Installation): void {
  const ids = new Set<string>();
  const keys = new Map<string, string>();
  const own = new Set(people.map(({ id }) => id));
  const accounts = new Map<string, string>();
  people.forEach((person, index) => {
    if (ids.has(person.id))
      found.add(['people', index, 'id'], `${quote(person.id)} stands here twice`, 'keep one of the two');
    ids.add(person.id);
    person.accounts?.forEach((account, at) => {
      const holder = own.has(account) ? account : accounts.get(account);
      // Whoever acts under it must be one person, or nobody could tell the two apart.
      if (holder !== undefined)
        found.add(
          ['people', index, 'accounts', at],
          `${quote(account)} already stands for ${quote(holder)}`,
          'an account belongs to one person: remove it here, or the other entry',
        );
      accounts.set(account, person.id);
    });
    person.keys?.forEach((written, at) => {
      const { public: key } = keyOfLine(written);
      const place = ['people', index, 'keys', at];
      const holder = keys.get(key);
      // One key under two names would let one person be two pairs of eyes.
      if (holder !== undefined)
        found.add(
          place,
          `the key is already that of ${quote(holder)}`,
          'give each person a key of their own',
        );
      keys.set(key, person.id);
    });
  });
}

function checkIdentities(
  found: Findings,
  { agents = {}, applications = {} }: Installation,
  names: Names,
): void {
  for (const [id, { owner, budget }] of Object.entries(agents)) {
    found.declared(['agents', id, 'owner'], 'person', owner, names.people.keys(), '`people`');
    checkAmount(found, ['agents', id, 'budget'], budget);
  }
  for (const [id, { owner }] of Object.entries(applications)) {
    found.declared(['applications', id, 'owner'], 'person', owner, names.people.keys(), '`people`');
    if (Object.hasOwn(agents, id))
      found.add(['applications', id], `${quote(id)} is already an agent`, 'choose another name', 'key');
  }
}

function checkWitnesses(found: Findings, { witnesses = [] }: Installation, names: Names): void {
  const known = new Set<string>();
  const keys = new Set<string>();
  for (const [index, { url, key, seat }] of witnesses.entries()) {
    checkAddress(found, ['witnesses', index, 'url'], url);
    if (seat !== undefined) checkFunction(found, ['witnesses', index, 'seat'], seat, names);
    const place = ['witnesses', index, 'key'];
    const name = witnessName(key);
    if (name === undefined) {
      const remedy =
        'copy the verifier key that the witness publishes: `name+hash+base64`, of type 4 (cosignature)';
      found.add(place, 'the key is not that of a witness', remedy);
      continue;
    }
    if (known.has(name))
      found.add(place, `the witness ${quote(name)} stands here twice`, 'keep one of the two');
    known.add(name);
    // One key under two names would be two voices of one person.
    const bytes = toHex(parseVerifier(key).publicKey);
    if (keys.has(bytes))
      found.add(place, `the public key of ${quote(name)} stands here twice`, 'keep one of the two');
    keys.add(bytes);
  }
}

/** The name in the verifier key of a witness, or undefined if it is not one (C2SP tlog-cosignature). */
export function witnessName(key: string): string | undefined {
  try {
    const { name, type } = parseVerifier(key);
    return type === 0x04 ? name : undefined;
  } catch {
    return undefined;
  }
}

export function checkTimeZone(found: Findings, path: Path, zone: string | undefined): void {
  if (zone === undefined || isTimeZone(zone)) return;
  const meant = closest(zone, Intl.supportedValuesOf('timeZone'));
  const remedy =
    meant === undefined ? 'write an IANA name, such as `Europe/Zurich`' : `did you mean \`${meant}\`?`;
  found.add(path, `there is no time zone ${quote(zone)}`, remedy);
}

function isTimeZone(zone: string): boolean {
  // An offset such as `+01:00` has no calendar: its days would move with summer time.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export function checkDuration(
  found: Findings,
  path: Path,
  written: string | undefined,
  maxMs = durationMsMax,
): void {
  if (written === undefined) return;
  const ms = durationMs(written);
  if (ms === 0)
    found.add(path, `${quote(path.at(-1))} is nothing: ${quote(written)}`, 'write at least one second');
  else if (ms > maxMs)
    found.add(
      path,
      `${quote(path.at(-1))} is too long: ${quote(written)}`,
      `write at most ${maxMs / 1_000}s`,
    );
}

interface Amount {
  readonly amount: number | string;
  readonly currency: string;
}

export const amountMinorOf = ({ amount, currency }: Amount): number =>
  minorUnits(String(amount), 'major', currency);

/** An amount that its currency cannot express exactly is refused, never rounded. */
export function checkAmount(found: Findings, path: Path, money: Amount | undefined): void {
  if (money === undefined) return;
  try {
    amountMinorOf(money);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'MoneyError') throw error;
    const { message } = error;
    if ('code' in error && error.code === 'unknown-currency')
      found.add([...path, 'currency'], message, 'write its ISO 4217 code, such as `USD`');
    else
      found.add(
        [...path, 'amount'],
        `not an exact amount: ${message}`,
        `write what ${money.currency} can express`,
      );
  }
}
