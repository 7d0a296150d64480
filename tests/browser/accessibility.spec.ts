/** Every page and dialog against WCAG 2.1 A and AA, in both themes; on a phone, enlarged, and with little motion. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Room, room, sideways, violations } from './kit';
import { anExport, type Place, places, visit } from './pages';

const hub: Room = room({ clusters: 80, days: 10 });
let all: Place[] = [];
beforeAll(async () => {
  await anExport(hub.bed);
  all = await places(hub.bed);
});
afterAll(() => all.splice(0));

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('axe finds nothing on any page or dialog', async () => {
    const signIn = await hub.open({ colorScheme });
    await signIn.goto(hub.bed.url);
    await signIn.getByLabel('Password').waitFor();
    const found: Record<string, string[]> = { 'sign-in': await violations(signIn) };
    const page = await hub.enter('/fleet', { colorScheme, reducedMotion: 'reduce' });
    for (const place of all) {
      await visit(page, hub.bed, place);
      found[place.name] = await violations(page);
    }
    await page.goto(`${hub.bed.url}/audit`);
    await hub.bed.order('end_sessions');
    await page.getByRole('link', { name: 'Exports' }).click();
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
    found['session ended'] = await violations(page);
    expect(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))).toEqual({});
  }, 240_000);
});

test.each([
  ['on a phone, 360 pixels wide', { width: 360, height: 740 }],
  // A window of 1280 pixels, enlarged to 200 %.
  ['at 200 %', { width: 640, height: 480 }],
])('%s nothing has to be scrolled sideways', async (_what, viewport) => {
  const page = await hub.enter('/fleet', { viewport });
  const wide: Record<string, number> = {};
  for (const place of all) {
    await visit(page, hub.bed, place);
    const by = await sideways(page);
    if (by > 1) wide[place.name] = by;
  }
  expect(wide).toEqual({});
}, 240_000);

test('who wants little motion gets little', async () => {
  const page = await hub.enter('/fleet', { reducedMotion: 'reduce' });
  const moving: Record<string, string[]> = {};
  for (const place of all) {
    await visit(page, hub.bed, place);
    const animations = await page.evaluate(() =>
      document
        .getAnimations()
        .filter((one) => one.playState === 'running' && Number(one.effect?.getComputedTiming().duration) > 100)
        .map((one) => `${(one as CSSAnimation).animationName ?? 'transition'} on ${((one.effect as KeyframeEffect).target as Element | null)?.className}`),
    );
    if (animations.length > 0) moving[place.name] = animations;
  }
  expect(moving).toEqual({});
}, 240_000);

test('the keyboard reaches the content first, and each page has one heading of the first level', async () => {
  const page = await hub.enter('/fleet');
  for (const place of all.filter((one) => !one.open)) {
    await visit(page, hub.bed, place);
    expect(await page.getByRole('heading', { level: 1 }).count(), place.name).toBe(1);
    expect(await page.title(), place.name).toMatch(/ · ClusterMaster$/);
    const levels = await page.getByRole('heading').evaluateAll((all) => all.map((one) => Number(one.getAttribute('aria-level') ?? one.tagName.slice(1))));
    const jumps = levels.filter((level, nth) => level - (levels[nth - 1] ?? level) > 1);
    expect(jumps, `${place.name}: ${levels.join(' ')}`).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim()), place.name).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id), place.name).toBe('main');
  }
}, 240_000);
