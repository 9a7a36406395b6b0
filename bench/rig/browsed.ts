// One verification in the page: verify.html opened from disk in Chromium, the proof given to its file picker. The
// page has no second thread and no hashes but the verifier's own.

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { pagePath } from '../../packages/proof/build-page.ts';

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const quiet = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
/** A large proof is not late: nobody's patience is measured here. */
const timeout = 3_600_000;

export interface Browsed {
  readonly seconds: number;
  /** Of the page's own heap when it had answered. */
  readonly heapMb: number;
}

/** Undefined where there is no Chromium. Throws if the page does not find the verdict. */
export async function verifyInPage(
  proofPath: string,
  trustPath: string,
  verdict: string,
): Promise<Browsed | undefined> {
  if (browserPath === undefined) return undefined;
  const browser = await chromium.launch({ executablePath: browserPath, args: quiet });
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(pagePath).href);
    await page.setInputFiles('#trust', trustPath);
    const from = performance.now();
    await page.setInputFiles('#proof', proofPath);
    await page.waitForSelector('#result[data-verdict] .checks li:last-child', { timeout });
    const seconds = (performance.now() - from) / 1000;
    const found = await page.getAttribute('#result', 'data-verdict');
    if (found !== verdict) throw new Error(`the page says \`${found}\`, the process said \`${verdict}\``);
    const session = await page.context().newCDPSession(page);
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return { seconds, heapMb: usedSize / 1024 ** 2 };
  } finally {
    await browser.close();
  }
}
