// For tests: the pages of a real house in a real browser, with an authenticator of the browser's own (CDP WebAuthn).

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';
import { openPages, type PagesListener } from '../../packages/surety/src/api/pages/open.ts';
import { files, people, TestHouse } from '../../packages/surety/src/house.fixture.ts';

export const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const quiet = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserPath ?? '', args: quiet });

/** One that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** A passkey that an authenticator can be given, and its line in surety.yaml. */
export function newPasskey(origin: string, person: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
  const credential = randomBytes(16);
  return {
    line: `passkey:p256:${raw.toString('base64')}:${credential.toString('base64url')}:${origin}`,
    keyId: createHash('sha256').update(raw).digest('base64url'),
    given: {
      credentialId: credential.toString('base64'),
      isResidentCredential: true,
      rpId: 'localhost',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
      userHandle: Buffer.from(person).toString('base64'),
      signCount: 0,
    },
  };
}

interface Parts {
  readonly house: TestHouse;
  readonly origin: string;
  readonly passkey: ReturnType<typeof newPasskey>;
  readonly confirmer: ReturnType<typeof newPasskey>;
  readonly listener: PagesListener;
  readonly faults: readonly Error[];
}

export class People {
  readonly house: TestHouse;
  readonly origin: string;
  readonly passkey: ReturnType<typeof newPasskey>;
  readonly confirmer: ReturnType<typeof newPasskey>;
  readonly faults: readonly Error[];
  readonly #listener: PagesListener;

  private constructor({ house, origin, passkey, confirmer, listener, faults }: Parts) {
    this.house = house;
    this.origin = origin;
    this.passkey = passkey;
    this.confirmer = confirmer;
    this.#listener = listener;
    this.faults = faults;
  }

  /** Ines has a passkey for these pages; Paul has one too, and may confirm others. */
  static async open(): Promise<People> {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const passkey = newPasskey(origin, people.ines.id);
    const confirmer = newPasskey(origin, people.paul.id);
    const surety = files['surety.yaml']
      .replace(`keys: ["${people.ines.line}"] }`, `keys: ["${passkey.line}"] }`)
      .replace(`keys: ["${people.paul.line}"] }`, `keys: ["${confirmer.line}"] }`);
    const house = await TestHouse.open({
      'surety.yaml': `${surety}passkeys: { invite: [finance], confirm: [legal] }\n`,
    });
    const faults: Error[] = [];
    const listener = await openPages(
      { listen: { host: '127.0.0.1', port }, url: origin },
      {
        ...{ connectionsMax: 64, headerBytesMax: 32_768, headersWithinMs: 10_000, requestWithinMs: 30_000 },
        ...{ readWithinMs: 60_000, idleWithinMs: 60_000 },
      } as never,
      {
        desk: house.house.pages,
        onNote: () => undefined,
        onFault: (fault) => faults.push(fault),
      },
    );
    return new People({ house, origin, passkey, confirmer, listener, faults });
  }

  async close(): Promise<void> {
    await this.#listener.close(Promise.resolve());
    await this.house.close();
  }
}

/** A page whose browser has an authenticator that its holder has unlocked. */
export async function withAuthenticator(context: BrowserContext): Promise<{
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly authenticatorId: string;
}> {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return { page, cdp, authenticatorId };
}
