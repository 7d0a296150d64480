/** The import, as a person does it in the wizard. */
import type { Page } from 'playwright-core';

/** Where nobody listens: an import from there is recorded, and goes on trying. */
export const NOBODY = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'away',
  clusters: [{ name: 'away', cluster: { server: 'https://127.0.0.1:9' } }],
  users: [{ name: 'hub', user: { token: 'a-token-that-nobody-may-see' } }],
  contexts: [{ name: 'away', context: { cluster: 'away', user: 'hub' } }],
});

export async function next(page: Page, label: string | RegExp = 'Next'): Promise<void> {
  await page.getByRole('button', { name: label, exact: true }).click();
}

export async function step(page: Page, title: string): Promise<void> {
  await page.getByRole('heading', { level: 2, name: title, exact: true }).waitFor();
}

/** The first two steps, up to where the description is filled in. */
export async function describe(page: Page, kubeconfig: string, name: string): Promise<void> {
  await step(page, 'How the hub reaches the cluster');
  const field = page.getByRole('textbox', { name: 'Kubeconfig' });
  await field.fill(kubeconfig);
  await field.blur();
  await page.getByText('The kubeconfig was read').waitFor();
  await next(page);
  await step(page, 'What it is');
  await page.getByLabel('Name', { exact: false }).and(page.getByRole('textbox')).first().fill(name);
  await page.getByRole('radio', { name: 'On premises' }).check();
  await page.getByRole('textbox', { name: 'Region' }).fill('lab');
}

/** From the description to the review of a cluster that does not answer. */
export async function goOnAnyway(page: Page): Promise<void> {
  await next(page);
  await step(page, 'Test the connection');
  await next(page, 'Go on anyway');
  await step(page, 'Review');
}
