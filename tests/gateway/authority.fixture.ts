// For tests: a certificate authority, and certificates by it, made by OpenSSL.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const hasOpenssl = (): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

export class Authority {
  readonly folder: string;
  readonly certificate: string;
  readonly #key: string;

  constructor(folder: string, name = 'authority') {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.certificate = join(folder, `${name}.pem`);
    this.#key = join(folder, `${name}.key`);
    const made = [
      '-x509',
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      '-keyout',
      this.#key,
      '-out',
      this.certificate,
    ];
    openssl('req', ...newKey, ...made);
  }

  /** The files of a new key and its certificate, good for so many days. */
  issue(name: string, days = 30): { readonly certificate: string; readonly key: string } {
    const at = (ending: string) => join(this.folder, `${name}.${ending}`);
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', at('key'), '-out', at('csr'));
    writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:surety.acme.example\n');
    const by = ['-CA', this.certificate, '-CAkey', this.#key, '-CAcreateserial', '-days', String(days)];
    openssl('x509', '-req', '-in', at('csr'), ...by, '-extfile', at('ext'), '-out', at('pem'));
    return { certificate: at('pem'), key: at('key') };
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const openssl = (...words: string[]): void => {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};
