// Builds verify.html: the verifier as one page that works from disk, with no network and no other file.
// The same sources give the same bytes; the page's policy allows exactly its own script and style.
//   node packages/proof/build-page.ts

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { style } from '@surety/proof/report';
import { build } from 'esbuild';
import { frame } from './page/frame.ts';
import { look } from './page/look.ts';

const folder = import.meta.dirname;
export const pagePath = join(folder, 'verify.html');

const cspHash = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** Readable on purpose: an auditor may want to read what runs. */
async function script(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ['page/page.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2024',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [{ text } = { text: '' }] = outputFiles;
  // A closing tag within a string of the script would end it.
  return `\n${text.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')}`;
}

export async function pageHtml(): Promise<string> {
  const [text, styles] = [await script(), `${style}${look}`];
  return frame({ script: text, scriptHash: cspHash(text), style: styles, styleHash: cspHash(styles) });
}

if (import.meta.main) writeFileSync(pagePath, await pageHtml());
