// The certificate that the gateway shows, and the authorities that it asks of clients, from files: read at the start,
// and again when they change, so that a renewed certificate needs no restart. Files that do not fit together leave
// those in force that did.

import { constants, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Authorities whose certificates clients must present. */
  readonly clients?: string;
}

/** `no-certificate` names a file that holds no such thing; `no-pair` means that the key is not the certificate's. */
export class CertificateError extends Error {
  readonly code: 'no-certificate' | 'no-pair';
  constructor(code: CertificateError['code'], message: string) {
    super(message);
    this.name = 'CertificateError';
    this.code = code;
  }
}

/**
 * TLS 1.2 with forward secrecy and authenticated encryption, or 1.3 (RFC 9325, sections 3.1 and 4.2). No renegotiation:
 * it serves attackers only. One protocol inside, so that nobody speaks another to us (ALPACA).
 */
export const safeTls: TlsOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [
    ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
    ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ].join(':'),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  ALPNProtocols: ['http/1.1'],
};

type Pair = Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>;

/** Looked at this often; a certificate is renewed weeks before it ends. */
const lookEveryMs = 2_000;
const fileBytesMax = 1024 * 1024;

export class Certificates {
  readonly #files: TlsFiles;
  readonly #onNote: (level: 'info' | 'warn', note: string) => void;

  constructor(files: TlsFiles, onNote: (level: 'info' | 'warn', note: string) => void) {
    this.#files = files;
    this.#onNote = onNote;
  }

  /** Throws `CertificateError`. */
  read(): Pair {
    const { certificate, key, clients } = this.#files;
    const pair: Pair & SecureContextOptions = { cert: textOf(certificate), key: textOf(key) };
    try {
      createSecureContext(pair);
    } catch {
      // What the library says may quote the file.
      throw new CertificateError(
        'no-pair',
        `\`${key}\` is not the private key of the certificate \`${certificate}\``,
      );
    }
    if (clients === undefined) return pair;
    return { ...pair, ca: authoritiesIn(clients), requestCert: true, rejectUnauthorized: true };
  }

  /** Calls `use` with what was renewed. Gives what ends it. */
  onRenewal(use: (renewed: Pair) => void): () => void {
    let seen = this.#state();
    const looking = setInterval(() => {
      const state = this.#state();
      if (state === seen) return;
      seen = state;
      try {
        use(this.read());
        this.#onNote('info', 'the certificate was read again, and is in use');
      } catch (cause) {
        this.#onNote('warn', `the certificate was not renewed: ${(cause as Error).message}`);
      }
    }, lookEveryMs).unref();
    return () => clearInterval(looking);
  }

  /** Through links: renewing programs move a link to the new file. */
  #state(): string {
    const { certificate, key, clients } = this.#files;
    return [certificate, key, ...(clients === undefined ? [] : [clients])]
      .map((path) => {
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat === undefined ? 'none' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
      })
      .join(', ');
  }
}

function textOf(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= fileBytesMax) return bytes;
  } catch (cause) {
    const { code = 'unknown cause' } = cause as NodeJS.ErrnoException;
    throw new CertificateError('no-certificate', `\`${path}\` cannot be read: ${code}`);
  }
  throw new CertificateError('no-certificate', `\`${path}\` is larger than ${fileBytesMax} bytes`);
}

/** An empty or broken file would mean the authorities of the whole world, or a handshake that nobody understands. */
function authoritiesIn(path: string): string[] {
  const blocks = textOf(path)
    .toString('latin1')
    .match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  try {
    for (const each of blocks ?? []) new X509Certificate(each);
    if (blocks !== null) return blocks;
  } catch {
    // Said below.
  }
  throw new CertificateError('no-certificate', `\`${path}\` holds no certificate of an authority, in PEM`);
}
