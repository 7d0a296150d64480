/** The first minutes: signing in, and a hub with nothing in it. */
import { expect, test } from 'vitest';

import { heading, room, settled, shell, signIn } from './kit';

const hub = room();

test('who comes for the first time signs in and is led to the first cluster', async () => {
  const page = await hub.open();
  await page.goto(hub.bed.url);
  await heading(page, 'Sign in to ClusterMaster').waitFor();
  await page.getByText('First time here?').waitFor();

  await page.getByLabel('E-mail address').fill(hub.bed.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(/the credentials were not accepted/i).first().waitFor();
  expect(await page.getByLabel('E-mail address').inputValue()).toBe(hub.bed.email);

  await signIn(page, hub.bed);
  await shell(page).waitFor();
  await page.waitForURL('**/fleet');
  await settled(page);
  await page.getByRole('link', { name: /import/i }).first().click();
  await page.waitForURL('**/clusters/import');
});

test('the session outlives a reload, and an address leads to its page after signing in', async () => {
  const page = await hub.open();
  await page.goto(`${hub.bed.url}/settings`);
  await signIn(page, hub.bed);
  await shell(page).waitFor();
  expect(new URL(page.url()).pathname).toBe('/settings');
  await page.reload();
  await shell(page).waitFor();
  expect(await page.getByLabel('Password').count()).toBe(0);

  // No script can read what prolongs the session.
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
});

test('who signs out is out, also after a reload', async () => {
  const page = await hub.enter();
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await heading(page, 'Sign in to ClusterMaster').waitFor();
  await page.reload();
  await heading(page, 'Sign in to ClusterMaster').waitFor();
});

test('an address that leads nowhere says so', async () => {
  const page = await hub.enter('/nowhere');
  await heading(page, 'There is no such page').waitFor();
});
