/** Real clusters are changed and decommissioned. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';

import { heading, kubernetesIsHere, room, settled } from './kit';

const here = kubernetesIsHere();
const hub = room();

describe.runIf(here)('on a real cluster', () => {
  let kubeconfigs: string[] = [];
  beforeAll(async () => {
    kubeconfigs = [await hub.bed.kubernetes('one'), await hub.bed.kubernetes('two')];
  });

  /** A page of a managed cluster that is well. */
  async function managed(name: string, nth: number): Promise<{ page: Page; id: string }> {
    const { id } = await hub.bed.import(name, kubeconfigs[nth] ?? '');
    const page = await hub.enter(`/clusters/${id}`);
    await heading(page, name).waitFor();
    await page.getByText('Healthy').first().waitFor();
    await settled(page);
    return { page, id };
  }

  /** Opens the dialog and puts a kubeconfig in. */
  async function hand(page: Page, kubeconfig: string): Promise<void> {
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByRole('button', { name: 'Replace the credentials' }).click();
    await fill(page, kubeconfig);
  }

  async function fill(page: Page, kubeconfig: string): Promise<void> {
    const field = page.getByRole('textbox', { name: 'Kubeconfig' });
    await field.fill(kubeconfig);
    await field.blur();
  }

  test('other credentials are tried, handed in, and hold once the cluster has accepted them', async () => {
    const { page, id } = await managed('changing', 0);
    const other = (await hub.bed.order('kubernetes_other', { name: 'one' })) as string;

    // What the hub cannot read is told beside its field, and nothing is recorded.
    const config = JSON.parse(other) as { clusters: { cluster: Record<string, string> }[] };
    Object.assign(config.clusters[0]?.cluster ?? {}, { 'certificate-authority-data': btoa('no certificate') });
    await hand(page, JSON.stringify(config));
    await page.getByText('The kubeconfig was read').waitFor();
    await page.getByRole('button', { name: 'Preview the change' }).click();
    const refused = page.getByRole('dialog').getByText('The hub refuses this kubeconfig');
    await refused.waitFor();
    await page.getByText(/certificate-authority-data/).first().waitFor();
    expect(await hub.bed.recorded('cluster.credentials_replaced.v1')).toBe(0);

    // Those of another cluster are not those of this one.
    await page.getByRole('button', { name: 'Use another one' }).click();
    await fill(page, kubeconfigs[1] ?? '');
    await page.getByText('The kubeconfig was read').waitFor();
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText(/^With these credentials the hub could not manage the cluster/).waitFor();
    await page.getByText('another-cluster', { exact: true }).first().waitFor();

    await page.getByRole('button', { name: 'Use another one' }).click();
    await fill(page, other);
    await page.getByText('The kubeconfig was read').waitFor();
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText(/^The connection works: Kubernetes v/).waitFor();
    await page.getByRole('button', { name: 'Preview the change' }).click();
    await page.getByRole('dialog').getByText('cluster.credentials_replaced.v1', { exact: true }).waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('The old ones end');
    await page.getByRole('button', { name: 'Change the cluster' }).click();
    await page.getByText('New credentials for changing were handed in').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => hub.bed.recorded('cluster.update_completed.v1'), { timeout: 30_000 }).toBe(1);
    await page.getByText('Active', { exact: true }).first().waitFor();
    const [entry] = await hub.bed.api<{ reason: string; target_id: string }[]>('audit-logs?event_type=cluster.credentials_replaced.v1');
    expect(entry).toMatchObject({ reason: 'The old ones end', target_id: id });
    // What was handed in is shown nowhere.
    const key = /"client-key-data":"([^"]+)"/.exec(other)?.[1] ?? 'none';
    expect(await page.content()).not.toContain(key);
  });

  test('credentials that the cluster does not accept change nothing, and the page says why', async () => {
    const { page } = await managed('kept', 1);
    const config = JSON.parse(kubeconfigs[1] ?? '') as { users: { user: { token: string } }[] };
    Object.assign(config.users[0]?.user ?? {}, { token: 'nobody-knows-it' });
    await hand(page, JSON.stringify(config));
    await page.getByText('The kubeconfig was read').waitFor();
    await page.getByRole('button', { name: 'Preview the change' }).click();
    await page.getByRole('dialog').getByText('cluster.credentials_replaced.v1', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Change the cluster' }).click();
    await page.getByRole('heading', { name: /The last change of credentials failed/ }).waitFor();
    await page.getByText('unauthorized', { exact: true }).first().waitFor();
    await page.getByText('The credentials from before still hold.').waitFor();
    await page.getByText('Healthy').first().waitFor();
  });

  test('a cluster is decommissioned by its name, and what was done stays to be seen', async () => {
    const { page, id } = await managed('leaving', 1);
    await page.getByRole('button', { name: 'Decommission', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Decommission leaving' });
    await dialog.getByText('cluster.decommission_requested.v1', { exact: true }).waitFor();
    const sure = dialog.getByRole('button', { name: 'Decommission', exact: true });
    const typed = dialog.getByRole('textbox', { name: 'Type leaving to confirm' });
    expect(await sure.isDisabled()).toBe(true);
    await typed.fill('kept');
    expect(await sure.isDisabled()).toBe(true);
    await typed.fill('leaving');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Its time has come');
    await sure.click();

    await page.getByText('Decommissioning leaving was requested').waitFor();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Decommissioned', { exact: true }).first().waitFor();
    await page.getByText('It is being decommissioned').waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /^(Change|Decommission)$/ }).count()).toBe(0);

    await page.goto(`${hub.bed.url}/clusters?status=decommissioned`);
    await page.getByRole('row', { name: /leaving/ }).getByText('Decommissioned').waitFor();
    await page.goto(`${hub.bed.url}/clusters`);
    await settled(page);
    expect(await page.getByRole('row', { name: /leaving/ }).count()).toBe(0);

    await page.goto(`${hub.bed.url}/audit?target=${id}`);
    await page.getByRole('link', { name: 'Cluster: decommissioned' }).waitFor();
    await page.getByRole('link', { name: 'Cluster: decommission requested' }).click();
    await page.getByText('Its time has come').waitFor();
  });
});
