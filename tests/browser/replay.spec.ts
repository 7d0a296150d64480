/** A period of the audit log is replayed: it moves when it is told to, rests when it is told to, and every step can be made by hand. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { heading, room, settled } from './kit';

const hub = room({ clusters: 40, days: 10 });

async function place(page: Page): Promise<[now: number, all: number]> {
  const [, now, all] = /^(\d+) of (\d+)$/.exec((await page.getByText(/^\d+ of \d+$/).textContent()) ?? '') ?? [];
  return [Number(now), Number(all)];
}

/** The whole history. */
async function replay(page: Page): Promise<void> {
  const from = new Date(Date.now() - 20 * 86_400_000).toISOString();
  await page.goto(`${hub.bed.url}/audit/replay?from=${from}&to=${new Date().toISOString()}`);
  await heading(page, 'Replay').waitFor();
  await settled(page);
  expect((await place(page))[0]).toBe(1);
}

test('it plays, pauses, goes on by steps of the keyboard, and shows the fleet of each moment', async () => {
  const page = await hub.enter('/audit');
  await replay(page);
  const timeline = page.getByRole('img', { name: /^Timeline of \d+ entries/ });
  const begin = await timeline.getAttribute('aria-label');
  const fleet = page.getByRole('region', { name: 'The fleet at that moment' });
  await fleet.getByText('There was no cluster.').waitFor();

  await page.getByRole('combobox', { name: 'Speed' }).selectOption('20');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect.poll(async () => (await place(page))[0], { timeout: 30_000 }).toBeGreaterThan(20);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  const [rest, all] = await place(page);
  expect(await timeline.getAttribute('aria-label')).not.toBe(begin);
  // The address says where it rests.
  await page.waitForURL(/[?&]at=\d+/);
  expect((await place(page))[0]).toBe(rest);
  await fleet.getByText(/^\d+ clusters/).waitFor();

  const slider = page.getByRole('slider', { name: 'Entry of the period' });
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  expect(await place(page)).toEqual([rest + 1, all]);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  expect(await place(page)).toEqual([rest - 1, all]);
  await page.keyboard.press('End');
  expect(await place(page)).toEqual([all, all]);
  expect(await page.getByRole('button', { name: 'Next step' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Step back' }).focus();
  await page.keyboard.press('Enter');
  expect(await place(page)).toEqual([all - 1, all]);

  // From its place it is found again.
  const entries = await hub.bed.api<{ position: number }[]>('audit-logs?sort=recorded_at&limit=500');
  await page.waitForURL(new RegExp(`[?&]at=${entries[all - 2]?.position}$`));
  await page.reload();
  await expect.poll(() => place(page), { timeout: 30_000 }).toEqual([all - 1, all]);
});

test('it stops at the end by itself', async () => {
  const page = await hub.enter('/audit');
  await replay(page);
  await page.getByRole('slider', { name: 'Entry of the period' }).focus();
  await page.keyboard.press('End');
  for (let steps = 0; steps < 3; steps++) await page.keyboard.press('ArrowLeft');
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('20');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect.poll(() => place(page).then(([now, all]) => now === all), { timeout: 30_000 }).toBe(true);
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
});

test('who asked for less motion steps by hand, and nothing moves', async () => {
  const page = await hub.enter('/audit', { reducedMotion: 'reduce' });
  await replay(page);
  expect(await page.getByRole('button', { name: 'Play', exact: true }).count()).toBe(0);
  expect(await page.getByRole('combobox', { name: 'Speed' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Next step' }).click();
  expect((await place(page))[0]).toBe(2);
  const moving = await page.evaluate(() =>
    document.getAnimations().filter((one) => one.playState === 'running' && Number(one.effect?.getComputedTiming().duration) > 100).length,
  );
  expect(moving).toBe(0);
});

test('it stops when less motion is asked for meanwhile', async () => {
  const page = await hub.enter('/audit');
  await replay(page);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect.poll(async () => (await place(page))[0], { timeout: 30_000 }).toBeGreaterThan(2);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor({ state: 'detached' });
  await page.waitForURL(/[?&]at=\d+/);
});
