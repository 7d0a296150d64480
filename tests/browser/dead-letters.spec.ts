/** The other side of an export refuses: the events wait, are set aside, and are sent once more. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { anExportTo } from './commands';
import { heading, room, settled } from './kit';
import { FakeReceiver } from './receiver';
import { NOBODY } from './wizard';

const hub = room();
let receiver: FakeReceiver;
beforeAll(async () => {
  receiver = await FakeReceiver.start();
});
beforeEach(() => {
  receiver.refuse = () => undefined;
});
afterAll(() => receiver?.stop());

const REFUSED = 'cluster.import_requested.v1';

test('what the other side refuses holds up the rest or is set aside, and is tried again once it is mended', async () => {
  const id = await anExportTo(hub.bed, receiver.export('to-a-service'));
  const page = await hub.enter(`/exports/${id}`);
  await heading(page, 'to-a-service').waitFor();
  await page.getByText('Everything has gone out.').waitFor();

  // 400 may be a passing fault of the other side: everything waits, and it is tried again.
  receiver.refuse = ({ event_type }) => (event_type === REFUSED ? 400 : undefined);
  await hub.bed.import('refused', NOBODY);
  await page.getByText(/The other side does not take it: \d+ events? waits?/).waitFor();
  await page.getByText(/It says: webhook: the receiver answers with status 400/).waitFor();
  const tile = (title: string) => page.locator('dl > div').filter({ hasText: title }).locator('dd');
  await expect.poll(async () => Number(await tile('Events behind').textContent()), { timeout: 30_000 }).toBeGreaterThan(0);
  expect(await tile('Dead letters').textContent()).toMatch(/^0\b/);

  // 422 is for ever: this one is set aside, and the others go out.
  receiver.refuse = ({ event_type }) => (event_type === REFUSED ? 422 : undefined);
  await page.getByText('Everything has gone out.').waitFor();
  await expect.poll(() => tile('Dead letters').textContent(), { timeout: 30_000 }).toMatch(/^1\b/);
  await page.getByText('The last error, since overcome').waitFor();
  expect(receiver.taken.some(({ event_type }) => event_type === 'cluster.import_failed.v1')).toBe(true);
  expect(receiver.taken.some(({ event_type }) => event_type === REFUSED)).toBe(false);

  await page.getByRole('link', { name: /^1\b/ }).click();
  await heading(page, 'Dead letters of to-a-service').waitFor();
  const row = page.getByRole('row').filter({ hasText: 'Cluster: import requested' });
  await row.getByText('webhook: the receiver refuses the message (422)').waitFor();

  // Refused again it comes back; once the other side is mended the list empties.
  receiver.refuse = () => undefined;
  await settled(page);
  await page.getByRole('button', { name: 'Try all again', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Try the dead letters of to-a-service' });
  await dialog.getByText('export.dead_letters_retried.v1', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Try all again', exact: true }).click();
  await page.getByText('to-a-service tries its dead letters again').waitFor();
  await page.getByText('Nothing is set aside').waitFor();
  expect(await page.getByRole('button', { name: 'Try all again', exact: true }).count()).toBe(0);
  expect(receiver.taken.filter(({ event_type }) => event_type === REFUSED)).toHaveLength(1);
});

test('events are sent once more from a position on', async () => {
  const id = await anExportTo(hub.bed, receiver.export('again'));
  const { id: cluster } = await hub.bed.import('twice', NOBODY);
  const found = () => hub.bed.api<{ id: string; position: number }[]>(`audit-logs?event_type=${REFUSED}&target=${cluster}`);
  await expect.poll(async () => (await found()).length, { timeout: 30_000 }).toBe(1);
  const [entry] = await found();
  const times = () => receiver.taken.filter((message) => message.id === entry?.id).length;
  // Two exports lead here.
  await expect.poll(times, { timeout: 30_000 }).toBe(2);

  const page = await hub.enter(`/exports/${id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByRole('radio', { name: 'From a ledger position' }).check();
  const field = page.getByRole('textbox', { name: 'Ledger position' });
  const sure = page.getByRole('button', { name: 'Replay', exact: true });
  await field.fill('0');
  await page.getByText('It must be a whole number, 1 or more.').waitFor();
  await field.fill('999999');
  await page.getByText(/^The hub says: /).waitFor();
  expect(await sure.isDisabled()).toBe(true);
  await field.fill(String(entry?.position));
  await page.getByRole('dialog').getByText('export.replayed.v1', { exact: true }).waitFor();
  await sure.click();
  await page.getByText(`again sends events once more from position ${entry?.position} on`).waitFor();
  await expect.poll(times, { timeout: 30_000 }).toBe(3);
  await page.getByText('Everything has gone out.').waitFor();
});
