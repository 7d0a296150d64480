/** What every story needs: a hub, a browser, and words for what a person does with them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { type Surroundings, Testbed } from './testbed';

export { kubernetesIsHere } from './testbed';

export const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** How long what happens by itself may take. */
export const SOON = 30_000;

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS });
}

export interface Room {
  bed: Testbed;
  browser: Browser;
  /** A page of a browser that knows nothing yet. */
  open: (options?: BrowserContextOptions) => Promise<Page>;
  /** The same, signed in and on a page of the interface. */
  enter: (path?: string, options?: BrowserContextOptions) => Promise<Page>;
}

/** A hub and a browser for all tests of a file. A page that throws, or breaks the hub's policy, fails the test that it was opened in. */
export function room(surroundings: Surroundings = {}): Room {
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  const it = {} as Room;
  it.open = async (options = {}) => {
    const context = await it.browser.newContext({ viewport: { width: 1366, height: 850 }, ...options });
    contexts.push(context);
    context.setDefaultTimeout(SOON);
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(`the page threw: ${error.message}`));
    // A page that asks before it is left is left.
    page.on('dialog', (dialog) => void dialog.accept());
    page.on('console', (message) => {
      if (/Content Security Policy|Permissions-Policy/.test(message.text())) complaints.push(message.text());
    });
    return page;
  };
  it.enter = async (path = '/fleet', options = {}) => {
    const page = await it.open(options);
    await page.goto(`${it.bed.url}${path}`);
    await signIn(page, it.bed);
    await shell(page).waitFor({ state: 'attached' });
    return page;
  };
  beforeAll(async () => {
    [it.bed, it.browser] = await Promise.all([Testbed.start(surroundings), launch()]);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await picture(contexts, task.name);
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await it.browser?.close();
    await it.bed?.stop();
  });
  return it;
}

/** What a failed test saw, in `failures/`. */
async function picture(contexts: readonly BrowserContext[], test: string): Promise<void> {
  const folder = join(import.meta.dirname, 'failures');
  mkdirSync(folder, { recursive: true });
  const name = test.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80);
  for (const [nth, page] of contexts.flatMap((context) => context.pages()).entries()) {
    await page.screenshot({ path: join(folder, `${name}-${nth}.png`) }).catch(() => undefined);
  }
}

/** The frame that only who is signed in sees. */
export function shell(page: Page): Locator {
  return page.getByRole('navigation', { name: 'Areas', includeHidden: true });
}

export async function signIn(page: Page, bed: Testbed): Promise<void> {
  await page.getByLabel('E-mail address').fill(bed.email);
  await page.getByLabel('Password').fill(bed.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The page's heading. */
export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole('heading', { level: 1, name });
}

/** Everything that was asked for has come, and nothing shows that it waits. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.pf-v6-c-skeleton, .pf-v6-c-spinner, [aria-busy=true]'));
}

/** Presses Tab until what is wanted has the focus; fails when it cannot be reached that way. */
export async function tabTo(page: Page, wanted: Locator, most = 120): Promise<void> {
  await wanted.waitFor();
  for (let presses = 0; presses < most; presses++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no key leads to ${wanted.toString()}`);
}

/** What axe finds against WCAG 2.1 A and AA, one line each. */
export async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary?.split('\n')[1]?.trim()}`));
}

/** By how many pixels the page is wider than the window. */
export async function sideways(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
}

/** Sums the layout shifts that nobody caused by typing or clicking. */
export const WATCH_SHIFTS = () => {
  const watched = globalThis as unknown as { shifts: number };
  watched.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) if (!entry.hadRecentInput) watched.shifts += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
};
