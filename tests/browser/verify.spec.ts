/** An entry is verified by the browser itself, and a proof that was altered on the way is shown as such. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { heading, room, settled, tabTo } from './kit';

const hub = room({ clusters: 40, days: 5 });

interface Proof {
  payload: string;
  hashes: string[];
  verifier_key: string;
}

async function entry(): Promise<{ id: string; proof: Proof }> {
  const [found] = await hub.bed.api<{ id: string }[]>('audit-logs?event_type=cluster.changed.v1&limit=1');
  const id = found?.id ?? '';
  return { id, proof: await hub.bed.api<Proof>(`audit-logs/${id}/proof`) };
}

const proven = (page: Page) => page.getByText(/Proven, by the hub’s own word for its key/);

test('an entry proves itself, first by the hub’s key and then by one that the person holds', async () => {
  const { id, proof } = await entry();
  const page = await hub.enter(`/audit/${id}`);
  await page.getByRole('link', { name: 'Verify', exact: true }).click();
  await heading(page, 'Verify an entry').waitFor();
  await proven(page).waitFor();
  expect(await page.getByText(/: holds$/).count()).toBeGreaterThan(8);
  expect(await page.getByText(/: fails$/).count()).toBe(0);

  await page.getByRole('textbox', { name: 'A verifier key that you hold' }).fill(proof.verifier_key);
  await page.getByRole('button', { name: 'Verify with this key' }).click();
  await page.getByText('Proven by the key that you hold').waitFor();
});

test('verifying needs nothing but the keyboard', async () => {
  const page = await hub.enter('/audit?event_type=cluster.changed.v1');
  await settled(page);
  await tabTo(page, page.getByRole('table', { name: 'Audit log' }).getByRole('link').first());
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: 'Verify', exact: true }));
  await page.keyboard.press('Enter');
  await proven(page).waitFor();
  await tabTo(page, page.getByRole('button', { name: 'First step' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 3, name: /^1\. / }).waitFor();
  await tabTo(page, page.getByRole('button', { name: 'Next step' }));
  await page.keyboard.press('Space');
  await page.getByRole('heading', { level: 3, name: /^2\. / }).waitFor();
});

test.each([
  ['the body of the event', (proof: Proof) => proof.payload.slice(20, 44), 'Hash the body of the event'],
  ['a node of the tree', (proof: Proof) => proof.hashes[0] ?? '', 'Arrive at the root'],
])('a proof in which %s was altered does not pass', async (_what, part, fails) => {
  const { id, proof } = await entry();
  const from = part(proof);
  // Other letters, of the same kind.
  const to = [...from].map((letter) => (letter === 'a' ? 'b' : 'a')).join('');
  const page = await hub.enter('/audit');
  await hub.bed.order('network_alter', { from, to });
  await page.goto(`${hub.bed.url}/audit/${id}/verify`);
  await page.getByText(`Not proven: “${fails}” fails`).waitFor();
  expect(await proven(page).count()).toBe(0);
  expect(await hub.bed.order('network_honest')).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'Verify again' }).click();
  await proven(page).waitFor();
});
