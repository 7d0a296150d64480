/** Every page and dialog against WCAG 2.1 A and AA, in both themes; on a phone, enlarged, and with little motion. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Room, room, settled, sideways, violations } from './kit';
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
    await settled(page);
    await hub.bed.order('end_sessions');
    await page.getByRole('link', { name: 'Exports' }).click();
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
    found['session ended'] = await violations(page);
    expect(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))).toEqual({});
  }, 600_000);
});

test('what is wrong would be found', async () => {
  const page = await hub.enter('/settings');
  await page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<main><img src="favicon.svg"><p class="made-wide">wide</p></main>');
    document.querySelector<HTMLElement>('.made-wide')?.style.setProperty('width', '3000px');
  });
  expect(await violations(page)).toContainEqual(expect.stringMatching(/^image-alt: /));
  expect(await sideways(page)).toBeGreaterThan(1000);
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
}, 600_000);

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
}, 600_000);

test('the keyboard reaches the content first, and headings are in order', async () => {
  const page = await hub.enter('/fleet');
  const wrong: Record<string, unknown> = {};
  for (const place of all.filter((one) => !one.open)) {
    await visit(page, hub.bed, place);
    const levels = await page.getByRole('heading').evaluateAll((all) => all.map((one) => Number(one.getAttribute('aria-level') ?? one.tagName.slice(1))));
    const ordered = levels.every((level, nth) => level - (levels[nth - 1] ?? 0) <= 1) && levels.filter((level) => level === 1).length === 1;
    await page.keyboard.press('Tab');
    const first = await page.evaluate(() => document.activeElement?.textContent?.trim());
    await page.keyboard.press('Enter');
    const focused = await page.evaluate(() => document.activeElement?.id);
    const title = await page.title();
    if (!ordered || first !== 'Skip to the content' || focused !== 'main' || !title.endsWith(' · ClusterMaster')) wrong[place.name] = { levels: levels.join(' '), first, focused, title };
  }
  expect(wrong).toEqual({});
}, 600_000);
