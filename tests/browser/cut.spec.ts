/** The network is cut in the middle of a command. */
import { expect, test } from 'vitest';

import { room, settled } from './kit';
import { describe, goOnAnyway, next, NOBODY } from './wizard';

const hub = room();

test('a command whose answer was lost is sent again under its key, and recorded once', async () => {
  const page = await hub.enter('/clusters/import');
  await describe(page, NOBODY, 'sent-twice');
  await goOnAnyway(page);
  await page.getByText('cluster.import_requested.v1').waitFor();
  const keys: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/v1/clusters')) keys.push(request.headers()['idempotency-key'] ?? '');
  });
  // The hub gets it and records it; its answer never comes.
  await hub.bed.order('network_cut_after', { mark: 'POST /api/v1/clusters HTTP/1.1' });
  await next(page, 'Import the cluster');
  await page.getByText('No answer came: it is being sent again').waitFor();
  await hub.bed.order('network_mend');
  await page.getByText(/^sent-twice (is being imported|could not be imported)/).waitFor();

  expect(keys.length).toBeGreaterThan(1);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toBeTruthy();
  expect(await hub.bed.recorded('cluster.import_requested.v1')).toBe(1);
});

test('a page that was cut off says so, keeps what it shows, and goes on by itself', async () => {
  const page = await hub.enter('/audit');
  await settled(page);
  await page.getByText('Live', { exact: true }).waitFor();
  const rows = await page.getByRole('row').count();
  expect(rows).toBeGreaterThan(1);
  await hub.bed.order('network_cut');
  await page.getByText(/^Reconnecting since /).waitFor();
  expect(await page.getByRole('row').count()).toBe(rows);
  await hub.bed.order('network_mend');
  await page.getByText('Live', { exact: true }).waitFor();
});
