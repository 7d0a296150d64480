/** The hub below a path of a site that holds more than the hub. */
import { expect, test } from 'vitest';

import { heading, room, settled, shell, signIn } from './kit';

const hub = room({ prefix: '/tools/hub', clusters: 5, days: 1 });

test('every address stays below the prefix', async () => {
  const page = await hub.open();
  const outside: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${hub.bed.url}/`) && request.url() !== hub.bed.url) outside.push(request.url());
  });
  await page.goto(hub.bed.url);
  await signIn(page, hub.bed);
  await shell(page).waitFor();
  await page.waitForURL('**/tools/hub/fleet');
  await page.getByText('Live', { exact: true }).waitFor();
  for (const area of ['Clusters', 'Audit', 'Exports', 'Settings']) {
    await page.getByRole('link', { name: area, exact: true }).click();
    await page.waitForURL(`**/tools/hub/${area.toLowerCase()}**`);
    await settled(page);
  }
  expect(outside).toEqual([]);
});

test('a deep address can be opened and reloaded, and the session goes no further than the prefix', async () => {
  const page = await hub.enter('/clusters');
  await heading(page, 'Clusters').waitFor();
  await page.reload();
  await heading(page, 'Clusters').waitFor();
  const [cookie] = await page.context().cookies(`${hub.bed.url}/api/v1/auth/refresh`);
  expect(cookie?.path).toBe('/tools/hub/api/v1/auth');
});
