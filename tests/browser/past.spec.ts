/** Time travel. */
import { expect, test } from 'vitest';

import { heading, room, settled } from './kit';

const hub = room({ clusters: 60, days: 10 });

test('the slider leads into the past by the keyboard, and the page cannot be taken for the present', async () => {
  const page = await hub.enter('/clusters');
  await settled(page);
  const shown = () => page.getByText(/^\d+ of \d+$/).textContent();
  const now = await shown();
  await page.getByRole('button', { name: 'Time travel' }).click();
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  for (let presses = 0; presses < 40; presses++) await page.keyboard.press('ArrowRight');
  const banner = page.getByText('The past:');
  await banner.waitFor();
  await page.waitForURL(/as_of=/);
  expect(await slider.getAttribute('aria-valuetext')).not.toBe('now');
  await settled(page);
  expect(await shown()).not.toBe(now);

  // Where one goes from here, the moment goes along.
  await page.getByRole('table').getByRole('link').first().click();
  await page.waitForURL(/clusters\/cluster_.*as_of=/);
  await banner.waitFor();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await banner.waitFor({ state: 'detached' });
  expect(page.url()).not.toContain('as_of');
});

test('an address with a moment shows that moment', async () => {
  const [first] = await hub.bed.api<{ position: number }[]>('audit-logs?event_type=cluster.imported.v1&sort=recorded_at&limit=1');
  const position = first?.position ?? 0;
  const page = await hub.enter(`/clusters?as_of=${position}`);
  await page.getByText(`after ledger position ${position}`).first().waitFor();
  await settled(page);
  const then = await hub.bed.api<unknown[]>(`clusters?as_of=${position}&limit=500`);
  expect(await page.getByRole('table', { name: 'Clusters' }).getByRole('row').count()).toBe(Math.min(then.length, 50) + 1);
  await page.goto(`${hub.bed.url}/fleet?as_of=${position}`);
  await heading(page, 'Fleet').waitFor();
  await page.getByText('The past:').waitFor();
});

test('two moments of the fleet are compared', async () => {
  const page = await hub.enter('/clusters/compare?from=40');
  await heading(page, 'Compare two moments of the fleet').waitFor();
  await settled(page);
  expect(await page.getByRole('list', { name: 'Clusters that differ' }).getByRole('listitem').count()).toBeGreaterThan(0);
});
