/** Who may only look sees no command. */
import { beforeAll, expect, test } from 'vitest';

import { aCluster, anExportTo } from './commands';
import { heading, room, settled, shell } from './kit';

const hub = room();
const PASSWORD = 'a password that is long enough';
let [cluster, exported] = ['', ''];
beforeAll(async () => {
  cluster = await aCluster({ bed: hub.bed, name: 'looked-at' });
  exported = await anExportTo(hub.bed, { name: 'looked-at', format: 'ecs', transport: { kind: 'file', name: 'looked-at', max_bytes: 1 << 26, keep: 3 } });
  for (const role of ['viewer', 'operator']) {
    const body = JSON.stringify({ email: `${role}@example.org`, display_name: role, password: PASSWORD, roles: [role] });
    await hub.bed.api('users', { method: 'POST', body });
  }
});

async function enter(role: string, path: string) {
  const page = await hub.open();
  await page.goto(`${hub.bed.url}${path}`);
  await page.getByLabel('E-mail address').fill(`${role}@example.org`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await shell(page).waitFor({ state: 'attached' });
  await settled(page);
  return page;
}

const COMMANDS = /^(Change|Decommission|Import a cluster|Create an export|Pause|Resume|Replay|Test|Delete|Try all again)$/;

test('a viewer sees the clusters, and nothing to command them with', async () => {
  const page = await enter('viewer', `/clusters/${cluster}`);
  await heading(page, 'looked-at').waitFor();
  const commands = page.getByRole('button', { name: COMMANDS }).or(page.getByRole('link', { name: COMMANDS }));
  for (const path of [`/clusters/${cluster}`, '/clusters', '/fleet', '/settings']) {
    await page.goto(`${hub.bed.url}${path}`);
    await settled(page);
    await shell(page).getByRole('link', { name: 'Clusters', includeHidden: true }).waitFor({ state: 'attached' });
    expect(await commands.allTextContents(), path).toEqual([]);
  }
  expect(await shell(page).getByRole('link', { name: 'Exports', includeHidden: true }).count()).toBe(0);
  // An address that somebody passes on leads to a plain word, and to no form.
  await page.goto(`${hub.bed.url}/clusters/import`);
  await page.getByText('Your roles do not permit to import clusters').waitFor();
  expect(await page.getByRole('textbox').count()).toBe(0);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('import');
  expect(await page.getByRole('option', { name: /Import a cluster/ }).count()).toBe(0);
});

test('an operator manages clusters, and only looks at exports', async () => {
  const page = await enter('operator', `/clusters/${cluster}`);
  await page.getByRole('button', { name: 'Change', exact: true }).waitFor();
  await page.goto(`${hub.bed.url}/exports/${exported}`);
  await heading(page, 'looked-at').waitFor();
  await settled(page);
  const commands = page.getByRole('button', { name: COMMANDS }).or(page.getByRole('link', { name: COMMANDS }));
  expect(await commands.allTextContents()).toEqual([]);
  await page.goto(`${hub.bed.url}/exports/new`);
  await page.getByText(/^Only administrators create exports/).waitFor();
});
