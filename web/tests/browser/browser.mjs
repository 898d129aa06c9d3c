// Chromium, and pages that are watched: a request to another host, an error on the console, a script that
// breaks, or something that the content security policy had to refuse fails the test that it happens in.
import { readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { chromium } from 'playwright-core';

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** What takes longer than this won't come, however busy the machine is. */
const TIMEOUT_MS = 30_000;

const axeSource = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

export function launch() {
  // Chromium's sandbox refuses to be started by root, which a container's user often is.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
}

/** A window of somebody's, with its cookies; what goes wrong in it is gathered in `faults`. `also` are other hosts that it may ask. */
export async function open(browser, url, { who, size = WIDE, colours = 'light', still = true, also = [] } = {}) {
  const phone = size === PHONE;
  const context = await browser.newContext({
    viewport: size,
    isMobile: phone,
    hasTouch: phone,
    colorScheme: colours,
    reducedMotion: still ? 'reduce' : 'no-preference',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...(who === undefined ? {} : { storageState: who }),
  });
  if (process.env.LEDGERLINE_PAGES !== undefined) await withPages(context, url, process.env.LEDGERLINE_PAGES);
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const faults = [];
  const expected = [];
  page.on('request', (request) => {
    const at = new URL(request.url());
    if (at.origin !== new URL(url).origin && !also.includes(at.origin) && at.protocol !== 'data:' && at.protocol !== 'blob:') faults.push(`a request to ${at.origin}`);
  });
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !expected.some((pattern) => pattern.test(text))) faults.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => faults.push(`a script broke: ${error.message}`));
  return {
    page,
    faults,
    /** Errors on the console that a test brings about on purpose. */
    expect: (pattern) => expected.push(pattern),
    /** Goes to a place and waits until nothing waits any more. */
    async go(link) {
      await page.goto(`${url}/${link}`);
      await settled(page);
    },
    close: () => context.close(),
  };
}

/** Pages that were just built in the place of those in the binary, whose policy and headers stay. */
async function withPages(context, url, folder) {
  const file = (name) => path(folder, name);
  // Chromium doesn't know where such a page comes from, and lets it ask this machine for nothing.
  await context.grantPermissions(['local-network-access'], { origin: url });
  await context.route(`${url}/`, async (route) => route.fulfill({ response: await route.fetch(), path: file('index.html') }));
  await context.route(`${url}/assets/*`, (route) => route.fulfill({ path: file(new URL(route.request().url()).pathname) }));
}

/** Until no skeleton is shown and a heading is there. */
export async function settled(page) {
  await page.waitForSelector('#main h1');
  await page.waitForFunction(() => document.querySelector('.skeleton') === null);
  await page.waitForFunction(() => [...document.querySelectorAll('.chart-place')].every((place) => place.querySelector('canvas') !== null));
}

/** What axe finds that is serious or worse, a sentence each. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.slice(0, 3).map((node) => node.target.join(' ')).join('; ')})`);
}
