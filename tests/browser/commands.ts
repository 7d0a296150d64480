/** Every command that goes out under a key: what it is done to, the way to its button, and where it ends. */
import type { Page } from 'playwright-core';
import { expect, vi } from 'vitest';

import { heading, settled } from './kit';
import type { FakeReceiver } from './receiver';
import type { Testbed } from './testbed';
import { describe, goOnAnyway, next, NOBODY } from './wizard';

/** What a story has at hand. */
export interface Scene {
  page: Page;
  bed: Testbed;
  receiver: FakeReceiver;
  /** The name of what it is done to, and its id; empty before it is there. */
  name: string;
  id: string;
  /** What is typed as the reason. */
  reason: string;
}

export interface Command {
  title: string;
  /** Makes, beside the browser, what it is done to. */
  subject?: (scene: Omit<Scene, 'page' | 'id' | 'reason'>) => Promise<string>;
  /** The page that it begins on. */
  path: (id: string) => string;
  /** From there to the last button. */
  lead: (scene: Scene) => Promise<void>;
  button: string;
  /** The request line of what is sent. */
  request: (id: string) => string;
  event: string;
  toast: (name: string) => string;
  /** How the page ends. */
  ends: (scene: Scene) => Promise<void>;
}

/** Also outside of a test; what the hub has not heard of yet does not hold. */
const until = (holds: () => Promise<boolean>) => vi.waitUntil(() => holds().catch(() => false), { timeout: 30_000, interval: 100 });

/** A cluster that does not answer: nothing happens to it any more by itself. */
export async function aCluster({ bed, name }: { bed: Testbed; name: string }): Promise<string> {
  const { id } = await bed.import(name, NOBODY);
  await until(async () => (await bed.api<{ status: string }>(`clusters/${id}`)).status === 'import_failed');
  return id;
}

export async function anExportTo(bed: Testbed, wanted: Record<string, unknown>): Promise<string> {
  const { id } = await bed.api<{ id: string }>('exports', { method: 'POST', body: JSON.stringify(wanted), headers: { 'Idempotency-Key': crypto.randomUUID() } });
  await until(() => bed.api(`exports/${id}`).then(() => true));
  return id;
}

const aFile = (name: string) => ({ name, format: 'ecs', transport: { kind: 'file', name, max_bytes: 1 << 26, keep: 3 } });
const anExport = ({ bed, name }: { bed: Testbed; name: string }) => anExportTo(bed, aFile(name));

/** Presses a button of the page's head. */
async function press(page: Page, name: string): Promise<void> {
  await settled(page);
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor();
}

/** The preview is there, and why it is done. */
async function because({ page, reason }: Scene, event: string): Promise<void> {
  await page.getByRole('dialog').getByText(event, { exact: true }).waitFor();
  await page.getByRole('textbox', { name: 'Reason' }).fill(reason);
}

const closed = (page: Page) => page.getByRole('dialog').waitFor({ state: 'detached' });

export const COMMANDS: Command[] = [
  {
    title: 'import',
    path: () => '/clusters/import',
    lead: async ({ page, name, reason }) => {
      await describe(page, NOBODY, name);
      await page.getByRole('textbox', { name: 'Reason' }).fill(reason);
      await goOnAnyway(page);
      await page.getByText('cluster.import_requested.v1').waitFor();
    },
    button: 'Import the cluster',
    request: () => 'POST /api/v1/clusters',
    event: 'cluster.import_requested.v1',
    toast: (name) => `The import of ${name} was requested`,
    ends: ({ page, name }) => page.getByText(new RegExp(`^${name} (is being imported|could not be imported)`)).waitFor(),
  },
  {
    title: 'change',
    subject: aCluster,
    path: (id) => `/clusters/${id}`,
    lead: async (scene) => {
      const { page } = scene;
      await press(page, 'Change');
      await page.getByRole('textbox', { name: 'Region' }).fill('elsewhere');
      await page.getByRole('button', { name: 'Preview the change' }).click();
      await because(scene, 'cluster.changed.v1');
    },
    button: 'Change the cluster',
    request: (id) => `PUT /api/v1/clusters/${id}`,
    event: 'cluster.changed.v1',
    toast: (name) => `${name} was changed`,
    ends: async ({ page }) => {
      await closed(page);
      await page.getByText('On premises, elsewhere').waitFor();
    },
  },
  {
    title: 'change of credentials',
    subject: aCluster,
    path: (id) => `/clusters/${id}`,
    lead: async (scene) => {
      const { page } = scene;
      await press(page, 'Change');
      await page.getByRole('button', { name: 'Replace the credentials' }).click();
      const field = page.getByRole('textbox', { name: 'Kubeconfig' });
      await field.fill(NOBODY.replace('a-token-that', 'another-token-that'));
      await field.blur();
      await page.getByText('The kubeconfig was read').waitFor();
      await page.getByRole('button', { name: 'Preview the change' }).click();
      await because(scene, 'cluster.credentials_replaced.v1');
    },
    button: 'Change the cluster',
    request: (id) => `PUT /api/v1/clusters/${id}`,
    event: 'cluster.credentials_replaced.v1',
    toast: (name) => `New credentials for ${name} were handed in`,
    ends: ({ page }) => closed(page),
  },
  {
    title: 'decommission',
    subject: aCluster,
    path: (id) => `/clusters/${id}`,
    lead: async (scene) => {
      await press(scene.page, 'Decommission');
      await because(scene, 'cluster.decommission_requested.v1');
      await scene.page.getByRole('textbox', { name: `Type ${scene.name} to confirm` }).fill(scene.name);
    },
    button: 'Decommission',
    request: (id) => `DELETE /api/v1/clusters/${id}`,
    event: 'cluster.decommission_requested.v1',
    toast: (name) => `Decommissioning ${name} was requested`,
    ends: async ({ page }) => {
      await closed(page);
      await page.getByRole('button', { name: 'Decommission', exact: true }).waitFor({ state: 'detached' });
      expect(await page.getByText('The import failed').count()).toBe(0);
    },
  },
  {
    title: 'creation of an export',
    path: () => '/exports/new',
    lead: async ({ page, name, reason }) => {
      await heading(page, 'Create an export').waitFor();
      await page.getByRole('textbox', { name: /^Name\b(?! in)/ }).fill(name);
      await page.getByRole('radio', { name: 'File', exact: true }).check();
      await page.getByRole('textbox', { name: 'File name' }).fill(name);
      await next(page);
      await page.getByRole('heading', { level: 2, name: 'What', exact: true }).waitFor();
      await next(page);
      await page.getByText('export.created.v1').waitFor();
      await page.getByRole('textbox', { name: 'Reason' }).fill(reason);
    },
    button: 'Create the export',
    request: () => 'POST /api/v1/exports',
    event: 'export.created.v1',
    toast: (name) => `${name} was created`,
    ends: ({ page }) => page.getByText('The test message arrived').waitFor(),
  },
  {
    title: 'pause',
    subject: anExport,
    path: (id) => `/exports/${id}`,
    lead: async (scene) => {
      await press(scene.page, 'Pause');
      await because(scene, 'export.paused.v1');
    },
    button: 'Pause',
    request: (id) => `POST /api/v1/exports/${id}/pause`,
    event: 'export.paused.v1',
    toast: (name) => `${name} was paused`,
    ends: async ({ page }) => {
      await closed(page);
      await page.getByText(/^It is paused/).or(page.getByText(/It is paused;/)).first().waitFor();
    },
  },
  {
    title: 'resume',
    subject: async ({ bed, name }) => {
      const id = await anExport({ bed, name });
      await bed.api(`exports/${id}/pause`, { method: 'POST' });
      await until(async () => (await bed.api<{ status: string }>(`exports/${id}`)).status === 'paused');
      return id;
    },
    path: (id) => `/exports/${id}`,
    lead: async (scene) => {
      await press(scene.page, 'Resume');
      await because(scene, 'export.resumed.v1');
    },
    button: 'Resume',
    request: (id) => `POST /api/v1/exports/${id}/resume`,
    event: 'export.resumed.v1',
    toast: (name) => `${name} goes on`,
    ends: async ({ page }) => {
      await closed(page);
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    },
  },
  {
    title: 'replay from a position',
    subject: anExport,
    path: (id) => `/exports/${id}`,
    lead: async (scene) => {
      const { page } = scene;
      await press(page, 'Replay');
      await page.getByRole('radio', { name: 'From a ledger position' }).check();
      await page.getByRole('textbox', { name: 'Ledger position' }).fill('2');
      await because(scene, 'export.replayed.v1');
    },
    button: 'Replay',
    request: (id) => `POST /api/v1/exports/${id}/replay`,
    event: 'export.replayed.v1',
    toast: (name) => `${name} sends events once more from position 2 on`,
    ends: ({ page }) => closed(page),
  },
  {
    title: 'retry of dead letters',
    subject: async ({ bed, name, receiver }) => {
      await bed.import(`${name}-cluster`, NOBODY);
      receiver.refuse = ({ event_type }) => (event_type === 'cluster.import_requested.v1' ? 422 : undefined);
      const id = await anExportTo(bed, { ...receiver.export(name), starts_at: 'beginning' });
      await until(async () => ((await bed.api<{ dead_letters: number | null }>(`exports/${id}`)).dead_letters ?? 0) > 0);
      receiver.refuse = () => undefined;
      return id;
    },
    path: (id) => `/exports/${id}/dead-letters`,
    lead: async (scene) => {
      await press(scene.page, 'Try all again');
      await because(scene, 'export.dead_letters_retried.v1');
    },
    button: 'Try all again',
    request: (id) => `POST /api/v1/exports/${id}/dead-letters/retry`,
    event: 'export.dead_letters_retried.v1',
    toast: (name) => `${name} tries its dead letters again`,
    ends: ({ page }) => page.getByText('Nothing is set aside').waitFor(),
  },
  {
    title: 'deletion of an export',
    subject: anExport,
    path: (id) => `/exports/${id}`,
    lead: async (scene) => {
      await press(scene.page, 'Delete');
      await because(scene, 'export.deleted.v1');
      await scene.page.getByRole('textbox', { name: `Type ${scene.name} to confirm` }).fill(scene.name);
    },
    button: 'Delete',
    request: (id) => `DELETE /api/v1/exports/${id}`,
    event: 'export.deleted.v1',
    toast: (name) => `${name} was deleted`,
    ends: async ({ page }) => {
      await heading(page, 'Exports').waitFor();
      expect(new URL(page.url()).pathname).toBe('/exports');
    },
  },
];
