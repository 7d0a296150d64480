/** The hub is restarted, or crashes, while a page is open. */
import { expect, test } from 'vitest';

import { room, settled } from './kit';

const hub = room({ clusters: 20, days: 3 });

test.each([
  ['is restarted', 'hub_stop'],
  ['crashes', 'hub_kill'],
])('the hub %s: the page stays, says since when it waits, and is live again', async (_how, end) => {
  const page = await hub.enter('/clusters');
  await settled(page);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(() => Object.assign(globalThis, { untouched: true }));
  const rows = await page.getByRole('row').count();

  await hub.bed.order(end);
  await page.getByText(/^Reconnecting since /).waitFor();
  expect(await page.getByRole('row').count()).toBe(rows);

  await hub.bed.order('hub_start');
  await page.getByText('Live', { exact: true }).waitFor();
  // It works on: what was not there before comes, and by the same page.
  await page.getByRole('link', { name: 'Audit' }).click();
  await settled(page);
  expect(await page.getByRole('row').count()).toBeGreaterThan(1);
  expect(await page.evaluate(() => 'untouched' in globalThis)).toBe(true);
});
