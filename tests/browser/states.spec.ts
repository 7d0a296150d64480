/** Each page while it loads, when it fails, while there is nothing yet, and with a thousand rows. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { heading, room, settled, sideways, tabTo, violations, WATCH_SHIFTS } from './kit';
import { anExport, type Place, places } from './pages';
import { aDeadLetter, aNode, aUser, aWide, aWorkload, anEvent, anExportOf, cut, fail, grow, hold, LONG, PROBLEMS, TRACE } from './states';

const reported = (found: Record<string, unknown>) => expect(Object.fromEntries(Object.entries(found).filter(([, one]) => !(Array.isArray(one) && one.length === 0)))).toEqual({});

describe('a fleet of 1,000 clusters', () => {
  const hub = room({ clusters: 1000, days: 30 });
  let all: Place[] = [];
  beforeAll(async () => {
    await anExport(hub.bed);
    all = await places(hub.bed);
  });
  afterAll(() => all.splice(0));
  /** The pages that ask the hub for something. */
  const asking = () => all.filter((one) => one.asks && !one.open);

  test('while it loads there is the heading, something says that it is busy, and nothing moves when the answers come', async () => {
    const page = await hub.enter('/settings');
    await page.addInitScript(WATCH_SHIFTS);
    const wrong: Record<string, string[]> = {};
    for (const place of asking()) {
      const found: string[] = (wrong[place.name] = []);
      const go = await hold(page);
      await page.goto(`${hub.bed.url}${place.path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const busy = page.getByRole('progressbar', { name: /\S (is|are) loading/ }).or(page.getByText(/\S (is|are) loading$/));
      await busy.first().waitFor({ state: 'attached' });
      await go();
      await settled(page);
      if ((await busy.count()) > 0) found.push('it still says that it loads');
      const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number }).shifts);
      if (shifts > 0.1) found.push(`it moves by ${shifts.toFixed(3)}`);
    }
    reported(wrong);
  }, 240_000);

  test('when it fails it says what failed, its trace id and what to do, and trying again helps', async () => {
    const page = await hub.enter('/settings');
    const wrong: Record<string, string[]> = {};
    for (const place of asking()) {
      const found: string[] = (wrong[place.name] = []);
      const told = place.name === 'clusters' ? PROBLEMS.away : PROBLEMS.broken;
      const mend = await fail(page, told);
      await page.goto(`${hub.bed.url}${place.path}`);
      const failed = page.getByRole('main').getByText(told.title).first();
      await failed.waitFor();
      for (const text of [told.detail, TRACE, told.advice]) if ((await page.getByRole('main').getByText(text).count()) === 0) found.push(`it does not say ${text}`);
      // Each kind of failure once: as a page, beside what is there, within a part.
      if (['clusters', 'replay', 'settings', 'fleet in the past'].includes(place.name)) found.push(...(await violations(page)));
      const headings = await page.getByRole('heading', { level: 1 }).count();
      if (headings !== 1) found.push(`${headings} headings of level 1`);
      await mend();
      // What failed of a page is tried again where it stands.
      const again = page.getByRole('button', { name: 'Try again' });
      for (let left = await again.count(); left > 0; left = await again.count()) {
        await again.first().click();
        await page.waitForFunction((before) => [...document.querySelectorAll('button')].filter((one) => one.textContent?.trim() === 'Try again').length < before, left);
      }
      await failed.waitFor({ state: 'detached' });
      await settled(page);
    }
    reported(wrong);
  }, 240_000);

  test('a command whose preview fails says so, and can be tried again', async () => {
    const page = await hub.enter('/settings');
    for (const place of all.filter((one) => one.plans)) {
      await page.goto(`${hub.bed.url}${place.path}`);
      await settled(page);
      const mend = await fail(page, PROBLEMS.broken, /\/api\/v1\/.*dry_run=true/);
      await page.getByRole('button', { name: place.plans ?? '', exact: true }).first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(PROBLEMS.broken.title).waitFor();
      expect(await dialog.getByText(TRACE).count(), place.name).toBe(1);
      await mend();
      await dialog.getByRole('button', { name: 'Try again' }).click();
      await dialog.getByText(/^(export|cluster)\..*\.v\d$/).waitFor();
    }
    // The search, in which nothing stands but what was found.
    await page.goto(`${hub.bed.url}/fleet`);
    await settled(page);
    const mend = await fail(page, PROBLEMS.broken, /\/api\/v1\/search/);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: /^Search clusters/ }).fill('data');
    await page.getByRole('dialog').getByText(TRACE).waitFor();
    await mend();
  });

  test('of what one may not see, or is not there, it says which, and leads back', async () => {
    const page = await hub.enter('/settings');
    const nobody = '01a21f2e-0000-7000-8000-000000000000';
    const missing = { '/clusters/cluster_01m8fjxj9pejgsp84r6r0qx079': '/clusters', '/clusters/cluster_01m8fjxj9pejgsp84r6r0qx079/compare?from=1': '/clusters', '/exports/export_01m8fjzqjfewtvpyzcqf2654px': '/exports', [`/audit/${nobody}`]: '/audit', [`/audit/${nobody}/verify`]: '/audit' };
    for (const [path, back] of Object.entries(missing)) {
      await page.goto(`${hub.bed.url}${path}`);
      await page.getByText(PROBLEMS.missing.advice).waitFor();
      expect(await page.getByRole('main').locator(`a[href$="${back}"]`).count(), path).toBeGreaterThan(0);
    }
    const wrong: Record<string, string[]> = {};
    for (const place of asking()) {
      const found: string[] = (wrong[place.name] = []);
      const mend = await fail(page, PROBLEMS.forbidden);
      await page.goto(`${hub.bed.url}${place.path}`);
      await page.getByText(PROBLEMS.forbidden.advice).first().waitFor();
      if ((await page.getByText(PROBLEMS.forbidden.detail).count()) === 0) found.push('no detail');
      await mend();
    }
    reported(wrong);
  }, 240_000);

  test('the grid of 1,000 is walked by the keyboard', async () => {
    const page = await hub.enter('/fleet');
    await settled(page);
    const list = page.getByRole('list', { name: 'AWS', exact: true });
    const cells = list.getByRole('link');
    expect(await cells.count()).toBeGreaterThan(100);
    // One stop a group, however many cells it has.
    await tabTo(page, cells.first());
    await page.keyboard.press('ArrowRight');
    expect(await cells.nth(1).evaluate((cell) => cell === document.activeElement)).toBe(true);
    await page.keyboard.press('End');
    expect(await cells.last().evaluate((cell) => cell === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Home');
    const name = (await cells.first().getAttribute('aria-label'))?.split(':')[0] ?? '';
    await page.keyboard.press('Enter');
    await heading(page, name).waitFor();
  });

  /** Tables whose rows are many, and what they are asked by. */
  const grown = async (page: Page) => {
    await grow(page, /\/api\/v1\/users\?/, aUser);
    await grow(page, /\/api\/v1\/exports\?/, anExportOf);
    await grow(page, /\/api\/v1\/exports\/[^/]+\/dead-letters\?/, aDeadLetter);
    await grow(page, /\/api\/v1\/clusters\/[^/]+\/history\?/, anEvent);
    await page.route(/\/api\/v1\/clusters\/[^/]+\/nodes(\?|$)/, (route) => route.fulfill({ json: Array.from({ length: 1000 }, (_, nth) => aNode(nth)) }));
    await page.route(/\/api\/v1\/clusters\/[^/]+\/workloads(\?|$)/, (route) => route.fulfill({ json: Array.from({ length: 1000 }, (_, nth) => aWorkload(nth)) }));
  };

  test('a thousand rows come page by page, ordered by the hub', async () => {
    const page = await hub.enter('/settings');
    await grown(page);
    for (const name of ['clusters', 'audit', 'users', 'exports', 'dead letters', 'cluster, history']) {
      const place = all.find((one) => one.name === name);
      if (!place) throw new Error(`no ${name}`);
      await page.goto(`${hub.bed.url}${place.path}`);
      await settled(page);
      const rows = name === 'cluster, history' ? page.getByRole('article') : page.getByRole('main').locator('tbody tr');
      await expect.poll(() => rows.count(), { message: name, timeout: 20_000 }).toBe(50);
      const on = page.waitForRequest(/\/api\/v1\/.*[?&]cursor=/);
      await page.getByRole('button', { name: 'Next page' }).click();
      await on;
      await settled(page);
      await page.waitForURL(/cursor=/);
      const sorted = page.locator('thead button').last();
      if ((await sorted.count()) === 0) continue;
      const ordered = page.waitForRequest(/\/api\/v1\/.*[?&]sort=/);
      await sorted.click();
      await ordered;
      await page.waitForURL((url) => url.searchParams.has('sort') && !url.searchParams.has('cursor'));
      await settled(page);
    }
  });

  test.each([
    ['on a phone, 360 pixels wide', { width: 360, height: 740 }],
    ['at 200 %', { width: 640, height: 480 }],
    ['on a wide screen', { width: 1366, height: 850 }],
  ])('a thousand rows of the longest values fit, %s', async (_what, viewport) => {
    const wide = await aWide(hub.bed);
    const page = await hub.enter('/settings', { viewport });
    await grown(page);
    const those = ['clusters', 'audit', 'users', 'exports', 'dead letters', 'cluster, history', 'cluster, nodes', 'cluster, workloads', 'fleet', 'compare', 'replay'];
    const looked: [string, string][] = [
      ...all.filter(({ name }) => those.includes(name)).map(({ name, path }): [string, string] => [name, path]),
      ['500 clusters a page', '/clusters?limit=500&sort=-name'],
      ['the longest name', `/clusters/${wide}`],
      ['its two moments', `/clusters/${wide}/compare?from=100`],
      ['its entries', `/audit?target=${wide}`],
      ['found in the list', `/clusters?q=${LONG.slice(0, 30)}`],
      ['the fleet by label', '/fleet?group=label:team'],
    ];
    // The others are made of the same parts, and take axe very long.
    const judged = ['clusters', 'users', 'exports'];
    const wrong: Record<string, string[]> = {};
    for (const [name, path] of looked) {
      const found: string[] = (wrong[name] = []);
      await page.goto(`${hub.bed.url}${path}`);
      await settled(page);
      const by = await sideways(page);
      if (by > 1) found.push(`${by} pixels too wide`);
      found.push(...(await page.evaluate(cut)));
      if (viewport.width === 360 && judged.includes(name)) found.push(...(await violations(page)));
    }
    reported(wrong);
    if (viewport.width < 700) {
      // Where columns have no heads the order is chosen otherwise.
      await page.goto(`${hub.bed.url}/clusters`);
      await settled(page);
      await page.getByRole('combobox', { name: 'Sort by' }).selectOption('Updated, descending');
      await page.waitForURL(/sort=-updated_at/);
    }
  }, 240_000);
});

describe('a hub that nobody has used yet', () => {
  const hub = room();

  test('each page says what to do next', async () => {
    const page = await hub.enter('/fleet');
    const next: [path: string, said: RegExp, leads?: string][] = [
      ['/fleet', /Three steps to a fleet that proves itself/, '/clusters/import'],
      ['/clusters', /No clusters yet/, '/clusters/import'],
      ['/clusters?health=degraded', /Nothing fits these filters/],
      ['/clusters/compare', /Choose two moments/],
      ['/audit?target=cluster', /Nothing fits these filters/],
      ['/audit/replay?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z', /Nothing was recorded in this period/],
      ['/audit/at/99', /The ledger does not reach position 99/, '/audit'],
      ['/exports', /No exports yet/, '/exports/new'],
      ['/exports?status=paused', /Nothing fits these filters/],
      ['/settings/users?role=viewer', /Nothing fits these filters/],
      ['/nowhere', /There is no such page/, '/fleet'],
    ];
    const wrong: Record<string, string[]> = {};
    for (const [path, said, leads] of next) {
      const found: string[] = (wrong[path] = []);
      await page.goto(`${hub.bed.url}${path}`);
      await page.getByRole('main').getByText(said).first().waitFor();
      if (leads && (await page.getByRole('main').locator(`a[href$="${leads}"]`).count()) === 0) found.push(`nothing leads to ${leads}`);
      if (/Nothing fits/.test(said.source)) await page.getByRole('button', { name: 'Clear the filters' }).last().click();
      found.push(...(await violations(page)));
    }
    reported(wrong);
  });

  test('of a cluster that never answered each tab says so', async () => {
    const wide = await aWide(hub.bed);
    const exported = await anExport(hub.bed);
    const page = await hub.enter('/settings');
    for (const [path, said] of [
      [`/clusters/${wide}`, /has not answered/],
      [`/clusters/${wide}/nodes`, /No nodes/],
      [`/clusters/${wide}/workloads`, /No stateful workloads/],
      [`/exports/${exported}/dead-letters`, /Nothing is set aside/],
    ] as const) {
      await page.goto(`${hub.bed.url}${path}`);
      await page.getByRole('main').getByText(said).first().waitFor();
    }
  });
});
