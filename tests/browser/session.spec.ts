/** The session ends over a form that is half filled in. */
import { expect, test } from 'vitest';

import { aCluster } from './commands';
import { room, settled, signIn } from './kit';
import { describe, next, NOBODY, step } from './wizard';

const hub = room();

test('what was typed is kept, and goes through once one has signed in again', async () => {
  const page = await hub.enter('/clusters/import');
  await describe(page, NOBODY, 'half-filled');
  await page.getByRole('textbox', { name: 'Reason' }).fill('Typed before the session ended');
  await hub.bed.order('end_sessions');
  await next(page);

  const again = page.getByRole('dialog', { name: 'Your session has ended' });
  await again.waitFor();
  await again.getByLabel('E-mail address').fill(hub.bed.email);
  await again.getByLabel('Password').fill(hub.bed.password);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await again.waitFor({ state: 'detached' });

  await step(page, 'Test the connection');
  await next(page, 'Go on anyway');
  await step(page, 'Review');
  await next(page, 'Import the cluster');
  await page.getByText(/^half-filled (is being imported|could not be imported)/).waitFor();
  const [entry] = await hub.bed.api<{ reason: string }[]>('audit-logs?event_type=cluster.import_requested.v1');
  expect(entry?.reason).toBe('Typed before the session ended');
  expect(await hub.bed.recorded('cluster.import_requested.v1')).toBe(1);
});

test('whoever reloads after the end of the session signs in on a page of its own', async () => {
  const page = await hub.enter('/audit');
  await hub.bed.order('end_sessions');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Sign in to ClusterMaster' }).waitFor();
});

test('signing in again stands over an open dialog, and takes nothing from it', async () => {
  const id = await aCluster({ bed: hub.bed, name: 'under-a-dialog' });
  const page = await hub.enter(`/clusters/${id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByRole('textbox', { name: 'Region' }).fill('typed-before');
  await hub.bed.order('end_sessions');
  await page.getByRole('button', { name: 'Preview the change' }).click();
  const again = page.getByRole('dialog', { name: 'Your session has ended' });
  await again.getByLabel('E-mail address').fill(hub.bed.email);
  await page.keyboard.press('Escape');
  await again.getByLabel('Password').fill(hub.bed.password);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await again.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Change the cluster' }).click();
  await page.getByText('On premises, typed-before').waitFor();
});

test('who signs out after a long rest is signed out at the hub as well', async () => {
  const page = await hub.open();
  await page.clock.install();
  await page.goto(`${hub.bed.url}/settings`);
  await signIn(page, hub.bed);
  await settled(page);
  const before = await hub.bed.recorded('user.signed_out.v1');
  await page.clock.setSystemTime(Date.now() + 3_600_000);
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in to ClusterMaster' }).waitFor();
  await expect.poll(() => hub.bed.recorded('user.signed_out.v1'), { timeout: 20_000 }).toBe(before + 1);
});
