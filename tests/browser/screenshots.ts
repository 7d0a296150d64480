/** `npm run screenshots`: each page in light, dark and on a phone, into gateways/web/screenshots; the chosen ones into gateways/web/pictures. */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { room } from './kit';
import { anExport, type Place, places, visit } from './pages';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'gateways/web/screenshots');
const hub = room({ clusters: 1000, days: 30 });

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

test('the chosen ones are small', () => {
  mkdirSync(join(root, 'gateways/web/pictures'), { recursive: true });
  for (const [from, to] of Object.entries(CHOSEN)) {
    const picture = join(root, 'gateways/web/pictures', `${to}.png`);
    copyFileSync(join(folder, `${from}.png`), picture);
    expect(statSync(picture).size, to).toBeLessThan(LARGEST);
  }
});
