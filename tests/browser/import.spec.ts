/** A cluster is imported by the wizard: with the mouse, and with nothing but the keyboard. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { heading, kubernetesIsHere, room, settled, tabTo } from './kit';
import { describe as fill, next, NOBODY, step } from './wizard';

const here = kubernetesIsHere();
const hub = room();
let kubeconfigs: string[] = [];
beforeAll(async () => {
  if (here) kubeconfigs = [await hub.bed.kubernetes('one'), await hub.bed.kubernetes('two')];
});
afterAll(() => kubeconfigs.splice(0));

describe.runIf(here)('on a real cluster', () => {
  test('the wizard tests, previews, imports and shows how it goes', async () => {
    const page = await hub.enter('/clusters/import');
    await fill(page, kubeconfigs[0] ?? '', 'prod-1');
    await page.getByRole('textbox', { name: 'Reason' }).fill('The first one');
    await next(page);
    await step(page, 'Test the connection');
    await page.getByText(/^The connection works: Kubernetes v/).waitFor();
    await next(page);
    await step(page, 'Review');
    await page.getByText('cluster.import_requested.v1').waitFor();
    // Neither the preview nor anything else of the page shows the secret.
    const token = /"token":"([^"]+)"/.exec(kubeconfigs[0] ?? '')?.[1] ?? 'none';
    expect(await page.content()).not.toContain(token);

    await next(page, 'Import the cluster');
    await page.getByText(/^prod-1 is managed: Kubernetes v.*1 of 1 node ready/).waitFor();
    await page.getByRole('link', { name: 'Go to the cluster' }).click();
    await heading(page, 'prod-1').waitFor();
    await page.getByText('Healthy').first().waitFor();
    const [entry] = await hub.bed.api<{ reason: string }[]>('audit-logs?event_type=cluster.import_requested.v1');
    expect(entry?.reason).toBe('The first one');
  });

  test('nothing but the keyboard is needed', async () => {
    const page = await hub.enter('/clusters');
    await settled(page);
    const press = (key: string) => page.keyboard.press(key);
    await tabTo(page, page.getByRole('link', { name: 'Import a cluster' }).first());
    await press('Enter');
    await step(page, 'How the hub reaches the cluster');
    await tabTo(page, page.getByRole('textbox', { name: 'Kubeconfig' }));
    await page.keyboard.insertText(kubeconfigs[1] ?? '');
    // Leaving the field is what takes it in.
    await press('Tab');
    await page.getByText('The kubeconfig was read').waitFor();
    await tabTo(page, page.getByRole('button', { name: 'Next', exact: true }));
    await press('Enter');
    await step(page, 'What it is');
    await tabTo(page, page.getByRole('textbox', { name: /^Name/ }));
    await press('Control+a');
    await page.keyboard.type('by-keyboard');
    await tabTo(page, page.getByRole('radio', { name: 'AWS' }));
    await press('ArrowUp');
    expect(await page.getByRole('radio', { name: 'On premises' }).isChecked()).toBe(true);
    await tabTo(page, page.getByRole('textbox', { name: 'Region' }));
    await page.keyboard.type('lab');
    await tabTo(page, page.getByRole('button', { name: 'Next', exact: true }));
    await press('Enter');
    await step(page, 'Test the connection');
    await page.getByText(/^The connection works/).waitFor();
    await tabTo(page, page.getByRole('button', { name: 'Next', exact: true }));
    await press('Enter');
    await step(page, 'Review');
    await page.getByText('cluster.import_requested.v1').waitFor();
    await tabTo(page, page.getByRole('button', { name: 'Import the cluster' }));
    await press('Enter');
    await page.getByText(/^by-keyboard is managed/).waitFor();
    await tabTo(page, page.getByRole('link', { name: 'Go to the cluster' }));
    await press('Enter');
    await heading(page, 'by-keyboard').waitFor();
  });

  test('a name that is taken is refused beside its field', async () => {
    const page = await hub.enter('/clusters/import');
    await fill(page, NOBODY, 'prod-1');
    await next(page);
    await step(page, 'Test the connection');
    await page.getByText('The import itself would be refused').waitFor();
    expect(await page.getByRole('button', { name: /^Next$|^Go on/ }).isDisabled()).toBe(true);
  });
});

test('a kubeconfig that runs a program is refused before anything is sent', async () => {
  const page = await hub.enter('/clusters/import');
  const sent: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  const config = JSON.parse(NOBODY) as { users: { user: object }[] };
  config.users = [{ user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws' } }, name: 'hub' } as never];
  const field = page.getByRole('textbox', { name: 'Kubeconfig' });
  await field.fill(JSON.stringify(config));
  await field.blur();
  await page.getByText(/The hub refuses this context$/).waitFor();
  expect(sent).toEqual([]);
});

test('the way back asks before a kubeconfig is lost, and leaves the address and the history as they were', async () => {
  const page = await hub.enter('/clusters');
  await page.getByRole('link', { name: 'Import a cluster' }).first().click();
  await fill(page, NOBODY, 'half-way');
  const path = () => page.evaluate(() => location.pathname);
  const question = page.getByRole('dialog', { name: /Leave, and lose this/ });
  const back = () => page.evaluate(() => history.back());
  await back();
  await question.getByText(/^The kubeconfig, which/).waitFor();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  expect(await path()).toMatch(/\/clusters\/import$/);
  expect(await page.getByRole('textbox', { name: 'Region' }).inputValue()).toBe('lab');
  await back();
  await question.getByRole('button', { name: 'Leave' }).click();
  await heading(page, 'Clusters').waitFor();
  expect(await path()).toMatch(/\/clusters$/);
  await page.evaluate(() => history.forward());
  await step(page, 'How the hub reaches the cluster');
});
