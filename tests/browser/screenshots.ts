/** `npm run screenshots`: each page in light, dark and on a phone, into gateways/web/screenshots; the chosen ones into gateways/web/pictures. */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';

import { room, settled } from './kit';
import { anExport, type Place, places, visit } from './pages';
import { aDeadLetter, aNode, anEvent, anExportOf, aUser, aWide, aWorkload, fail, grow, hold, LONG, PROBLEMS } from './states';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'gateways/web/screenshots');
const hub = room({ clusters: 1000, days: 30 });
const unused = room();

const LOOKS = {
  light: { viewport: { width: 1366, height: 850 }, colorScheme: 'light' },
  dark: { viewport: { width: 1366, height: 850 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
} as const;

/** For the README. */
const CHOSEN = { 'fleet-light': 'fleet', 'cluster-light': 'cluster', 'verify-dark': 'verify' };
const LARGEST = 200_000;

let all: Place[] = [];
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await anExport(hub.bed);
  all = await places(hub.bed);
});

test.each(Object.entries(LOOKS))('%s', async (look, options) => {
  const before = await hub.open(options);
  await before.goto(hub.bed.url);
  await before.getByLabel('Password').waitFor();
  await before.screenshot({ path: join(folder, `sign-in-${look}.png`) });
  const page = await hub.enter('/fleet', { ...options, reducedMotion: 'reduce' });
  // The first steps are done long since on a fleet of this size.
  await page.addInitScript(() => localStorage.setItem('clustermaster.first-steps', '{"closed":true,"ticked":[1,2,3]}'));
  for (const place of all) {
    await visit(page, hub.bed, place);
    await page.screenshot({ path: join(folder, `${place.name.replaceAll(/[^a-z]+/g, '-')}-${look}.png`) });
  }
});

describe.each(Object.entries(LOOKS))('the states, %s', (look, options) => {
  const picture = (page: Page, state: string, name: string) => page.screenshot({ path: join(folder, `${state}-${name.replaceAll(/[^a-z]+/g, '-')}-${look}.png`) });

  test('loading, failing and missing', async () => {
    const page = await hub.enter('/settings', { ...options, reducedMotion: 'reduce' });
    for (const place of all.filter((one) => one.asks && !one.open)) {
      const go = await hold(page);
      await page.goto(`${hub.bed.url}${place.path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText(/(is|are) loading/).first().waitFor({ state: 'attached' });
      await picture(page, 'loading', place.name);
      await go();
      for (const [state, told] of [['failing', PROBLEMS.broken], ['missing', PROBLEMS.missing]] as const) {
        const mend = await fail(page, told);
        await page.goto(`${hub.bed.url}${place.path}`);
        await page.getByText(told.title).first().waitFor();
        await picture(page, state, place.name);
        await mend();
      }
    }
  });

  test('many and long', async () => {
    const wide = await aWide(hub.bed);
    const page = await hub.enter('/settings', { ...options, reducedMotion: 'reduce' });
    await grow(page, /\/api\/v1\/users\?/, aUser);
    await grow(page, /\/api\/v1\/exports\?/, anExportOf);
    await grow(page, /\/api\/v1\/exports\/[^/]+\/dead-letters\?/, aDeadLetter);
    await grow(page, /\/api\/v1\/clusters\/[^/]+\/history\?/, anEvent);
    await page.route(/\/api\/v1\/clusters\/[^/]+\/nodes(\?|$)/, (route) => route.fulfill({ json: Array.from({ length: 1000 }, (_, nth) => aNode(nth)) }));
    await page.route(/\/api\/v1\/clusters\/[^/]+\/workloads(\?|$)/, (route) => route.fulfill({ json: Array.from({ length: 1000 }, (_, nth) => aWorkload(nth)) }));
    const own: Place[] = [
      { name: 'long cluster', path: `/clusters/${wide}` },
      { name: 'long comparison', path: `/clusters/${wide}/compare?from=100` },
      { name: 'long name in the list', path: `/clusters?q=${LONG.slice(0, 30)}` },
    ];
    for (const place of [...all.filter(({ name }) => ['users', 'exports', 'dead letters', 'cluster, history', 'cluster, nodes', 'cluster, workloads'].includes(name)), ...own]) {
      await visit(page, hub.bed, place);
      await picture(page, 'many', place.name);
    }
  });

  test('empty', async () => {
    const page = await unused.enter('/settings', { ...options, reducedMotion: 'reduce' });
    for (const path of ['/fleet', '/clusters', '/clusters/compare', '/audit', '/audit?target=nothing', '/exports', '/settings/users']) {
      await page.goto(`${unused.bed.url}${path}`);
      await settled(page);
      await picture(page, 'empty', path.slice(1));
    }
  });
});

test('the chosen ones are small', () => {
  mkdirSync(join(root, 'gateways/web/pictures'), { recursive: true });
  for (const [from, to] of Object.entries(CHOSEN)) {
    const picture = join(root, 'gateways/web/pictures', `${to}.png`);
    copyFileSync(join(folder, `${from}.png`), picture);
    expect(statSync(picture).size, to).toBeLessThan(LARGEST);
  }
});
