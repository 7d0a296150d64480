/** Every page and dialog with the ear: what a screen reader finds in the accessibility tree, and what it is told when something changes. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { heading, room, settled, shell } from './kit';
import { anExport, type Place, places, visit } from './pages';
import { stumbles, tree } from './tree';

const hub = room({ clusters: 80, days: 10 });
let all: Place[] = [];
let cluster = { id: '', name: '' };
beforeAll(async () => {
  await anExport(hub.bed);
  all = await places(hub.bed);
  [cluster = cluster] = await hub.bed.api<{ id: string; name: string }[]>('clusters?limit=1&health=degraded');
});
afterAll(() => all.splice(0));

/** What of the page's text is not to be found in the tree. */
const DOM = () => {
  const wrong: string[] = [];
  for (const time of document.querySelectorAll('time')) if (Number.isNaN(Date.parse(time.dateTime))) wrong.push(`a time that is none: ${time.outerHTML.slice(0, 100)}`);
  for (const svg of document.querySelectorAll('svg')) {
    if (!svg.closest('[aria-hidden=true]') && svg.getAttribute('role') !== 'img' && svg.getAttribute('role') !== 'progressbar' && !svg.parentElement?.closest('svg[role=img]')) wrong.push(`an icon that is neither hidden nor named: ${svg.outerHTML.slice(0, 100)}`);
  }
  for (const table of document.querySelectorAll('table')) if (table.querySelector('thead button') && table.querySelectorAll('th[aria-sort]').length !== 1) wrong.push(`${table.ariaLabel}: no column, or several, are told to be sorted by`);
  if (document.documentElement.lang !== 'en') wrong.push('the language is not said');
  return wrong;
};

test.each([
  ['wide', { width: 1366, height: 850 }],
  ['narrow', { width: 360, height: 740 }],
])('nothing on any page or dialog makes a screen reader stumble, %s', async (_what, viewport) => {
  const page = await hub.enter('/fleet', { viewport, reducedMotion: 'reduce' });
  const wrong: Record<string, string[]> = {};
  for (const place of all) {
    await visit(page, hub.bed, place);
    const open = (await page.getByRole('dialog').count()) > 0;
    const found = stumbles(await tree(page), { open, narrow: viewport.width < 700 });
    found.push(...(await page.evaluate(DOM)));
    if (found.length > 0) wrong[place.name] = found;
  }
  expect(wrong).toEqual({});
}, 240_000);

test('what would make one stumble is found', async () => {
  const page = await hub.enter('/settings');
  await settled(page);
  await page.evaluate(() =>
    document.getElementById('main')?.insertAdjacentHTML(
      'beforeend',
      '<h4>deep</h4><nav></nav><button></button><a href="/one">Open</a><a href="/two">Open</a><table><tr><td>cell</td></tr></table><svg role="img" width="9" height="9"><path d="M0 0h9v9"/></svg><time datetime="soon">soon</time><main>again</main>',
    ),
  );
  const found = [...stumbles(await tree(page), { open: false, narrow: false }), ...(await page.evaluate(DOM))].join('\n');
  for (const wanted of ['2 times main', 'level 4 after', 'navigation without a name', 'button without a name', '2 times link “Open”', 'a picture without a name', 'a time that is none']) expect(found).toContain(wanted);
});

test('the title of each page says which it is, and of what', async () => {
  const page = await hub.enter('/fleet');
  const titles = new Map<string, string>();
  for (const place of all.filter((one) => !one.open)) {
    await visit(page, hub.bed, place);
    const title = await page.title();
    expect(title).toMatch(/^\S.* · ClusterMaster$/);
    const before = titles.get(title);
    expect(before === undefined || place.path.split('?')[0] === before.split('?')[0], `${place.path} and ${before} are both called ${title}`).toBe(true);
    titles.set(title, place.path);
    if (place.path.startsWith(`/clusters/${cluster.id}`)) expect(title).toContain(cluster.name);
    if (/as_of=/.test(place.path)) expect(title).toContain('in the past');
  }
});

const focused = (page: Page) => page.evaluate(() => ({ tag: document.activeElement?.tagName, id: document.activeElement?.id, text: document.activeElement?.textContent?.trim() }));

test('who goes to another page arrives at its heading', async () => {
  const page = await hub.enter('/fleet');
  const arrived = async (name: string | RegExp) => {
    await heading(page, name).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    expect((await focused(page)).text).toMatch(name);
  };
  for (const area of ['Clusters', 'Audit', 'Exports', 'Settings', 'Fleet']) {
    await shell(page).getByRole('link', { name: area }).click();
    await arrived(area);
  }
  await page.goto(`${hub.bed.url}/clusters?sort=name`);
  await page.getByRole('table').getByRole('link').first().press('Enter');
  await arrived(/-\d{4}$/);
  // The tabs of one page keep the focus, and say which is open.
  const tab = page.getByRole('navigation', { name: /^About/ }).getByRole('link', { name: 'History' });
  await tab.press('Enter');
  await page.getByRole('list', { name: 'History' }).waitFor();
  expect((await focused(page)).text).toBe('History');
  expect(await tab.getAttribute('aria-current')).toBe('page');
  // The entry stands in another frame once it has come.
  await page.getByRole('link', { name: /^Entry in the audit log/ }).first().press('Enter');
  await arrived(/^Cluster: /);
  await page.goBack();
  await arrived(/-\d{4}$/);
});

test('who has signed in arrives at the heading', async () => {
  const page = await hub.enter('/exports');
  await heading(page, 'Exports').waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
});

test('what a filter, another order and another page find is said', async () => {
  const page = await hub.enter('/clusters');
  const said = page.getByRole('main').getByRole('status');
  await said.filter({ hasText: /^80 clusters, 50 of them on this page$/ }).waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Filter by health' }).click();
  await page.getByRole('menuitem', { name: 'Degraded' }).click();
  await said.filter({ hasText: /^\d clusters$/ }).waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Filter by health, 1 chosen' }).waitFor();
  await page.getByRole('textbox', { name: /^Search by name/ }).fill('nothing-is-called-so');
  await said.filter({ hasText: /^No clusters$/ }).waitFor({ state: 'attached' });
  // What happens by itself is not called out.
  await page.goto(`${hub.bed.url}/audit`);
  const entries = page.getByRole('main').getByRole('status').filter({ hasText: /entries/ });
  await entries.waitFor({ state: 'attached' });
  const before = await entries.textContent();
  const shown = await page.getByText(/^50 of /).textContent();
  await hub.bed.order('events', { per_minute: 600 });
  await page.waitForFunction((text) => ![...document.querySelectorAll('main div')].some((one) => one.textContent === text), shown);
  await hub.bed.order('events', { per_minute: 0 });
  expect(await entries.textContent()).toBe(before);
});

test('a dialog takes the focus and gives it back; what was done is called out', async () => {
  const page = await hub.enter('/exports');
  await page.getByRole('link', { name: 'audit-file' }).click();
  const pause = page.getByRole('button', { name: 'Pause', exact: true });
  await pause.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Pause audit-file' });
  await dialog.waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Pause');
  await pause.press('Enter');
  await dialog.getByRole('button', { name: 'Pause' }).click();
  const toasts = page.getByRole('list', { name: 'Recorded commands' });
  await toasts.getByText('audit-file was paused').waitFor();
  expect(await toasts.getAttribute('aria-live')).toBe('polite');
  await dialog.waitFor({ state: 'detached' });
  // The palette gives it back as well.
  await page.keyboard.press('/');
  await page.getByRole('dialog', { name: 'Search' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'combobox');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('what is drawn is said in words', async () => {
  const page = await hub.enter('/fleet');
  await settled(page);
  const fleet = await tree(page);
  const donut = fleet.find(({ role, name }) => /^(image|img)$/.test(role) && /^Clusters by health: Unreachable \d+, Degraded \d+/.test(name));
  expect(donut).toBeDefined();
  const cells = fleet.filter(({ role, name }) => role === 'link' && /: (healthy|degraded|unreachable|import failed|not known yet)/.test(name));
  expect(cells.length).toBe(80);
  await visit(page, hub.bed, all.find(({ name }) => name === 'verify') ?? { name: '', path: '' });
  const drawing = page.getByRole('img', { name: 'The way through the Merkle tree' });
  expect(await drawing.locator('desc').textContent()).toMatch(/^Leaf .*round 1: with .*checkpoint root .*Shown up to: /);
  await page.goto(`${hub.bed.url}/audit/replay`);
  await page.getByRole('img', { name: /^Timeline of \d+ entries on \d+ lanes\. Now: / }).waitFor();
  expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toMatch(/^\d+ of \d+, /);
});
