/** Every page and dialog of the interface: where it is, and how it is opened. */
import type { Page } from 'playwright-core';

import { anExportTo } from './commands';
import { settled } from './kit';
import type { Testbed } from './testbed';
import { describe, goOnAnyway, next, NOBODY } from './wizard';

export interface Place {
  name: string;
  path: string;
  /** It asks the hub for what it shows. */
  asks?: boolean;
  /** The button that opens a dialog with the preview of a command. */
  plans?: string;
  /** What opens it on that page. */
  open?: (page: Page) => Promise<void>;
}

interface Cluster {
  id: string;
  name: string;
}

/** Presses a button of the page's head, which opens a dialog. */
const press = (name: string) => async (page: Page) => {
  await page.getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  // Its preview has come.
  await dialog.getByRole('heading').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[role=dialog] .pf-v6-c-spinner'));
};

/** All of them, on a seeded fleet with an export. */
export async function places(bed: Testbed): Promise<Place[]> {
  const clusters = await bed.api<Cluster[]>('clusters?limit=1&health=degraded');
  const first = clusters[0]?.id ?? '';
  const [entry] = await bed.api<{ id: string }[]>('audit-logs?limit=1&event_type=cluster.changed.v1');
  const past = await bed.api<{ position: number }[]>(`clusters/${first}/history`);
  const position = past.at(-2)?.position ?? 0;
  const [exported] = await bed.api<{ id: string }[]>('exports?limit=1');
  return [
    { name: 'fleet', asks: true, path: '/fleet' },
    { name: 'fleet in the past', asks: true, path: '/fleet?as_of=40' },
    { name: 'clusters', asks: true, path: '/clusters' },
    { name: 'clusters, none found', asks: true, path: '/clusters?q=nothing-is-called-so' },
    {
      name: 'saved views',
      path: '/clusters',
      open: async (page) => {
        await page.getByRole('button', { name: 'Saved views' }).click();
        await page.getByRole('menuitem', { name: /Save or change/ }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    { name: 'cluster', asks: true, path: `/clusters/${first}` },
    { name: 'import', path: '/clusters/import' },
    { name: 'cluster, nodes', asks: true, path: `/clusters/${first}/nodes` },
    { name: 'cluster, workloads', asks: true, path: `/clusters/${first}/workloads` },
    { name: 'cluster, history', asks: true, path: `/clusters/${first}/history` },
    { name: 'cluster in the past', asks: true, path: `/clusters/${first}?as_of=${position}` },
    { name: 'cluster, two moments', asks: true, path: `/clusters/${first}/compare?from=${position}` },
    { name: 'change of a cluster', path: `/clusters/${first}`, open: press('Change') },
    { name: 'decommission', path: `/clusters/${first}`, plans: 'Decommission', open: press('Decommission') },
    {
      name: 'leaving the import',
      path: '/clusters/import',
      open: async (page) => {
        await describe(page, NOBODY, 'shown');
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    {
      name: 'import, description',
      path: '/clusters/import',
      open: (page) => describe(page, NOBODY, 'shown'),
    },
    {
      name: 'import, connection',
      path: '/clusters/import',
      open: async (page) => {
        await describe(page, NOBODY, 'shown');
        await next(page);
        await page.getByRole('button', { name: 'Go on anyway' }).waitFor();
      },
    },
    {
      name: 'import, review',
      path: '/clusters/import',
      open: async (page) => {
        await describe(page, NOBODY, 'shown');
        await goOnAnyway(page);
        await page.getByText('cluster.import_requested.v1').waitFor();
      },
    },
    { name: 'compare, nothing chosen', path: '/clusters/compare' },
    { name: 'compare', asks: true, path: `/clusters/compare?from=40&to=${position}` },
    { name: 'audit', asks: true, path: '/audit' },
    { name: 'entry', asks: true, path: `/audit/${entry?.id ?? ''}` },
    { name: 'verifying', asks: true, path: `/audit/${entry?.id ?? ''}/verify` },
    { name: 'verify', path: `/audit/${entry?.id ?? ''}/verify`, open: (page) => page.getByText(/Proven, by the hub/).waitFor() },
    { name: 'replay', asks: true, path: '/audit/replay' },
    { name: 'exports', asks: true, path: '/exports' },
    { name: 'export', asks: true, path: `/exports/${exported?.id ?? ''}` },
    { name: 'dead letters', asks: true, path: `/exports/${exported?.id ?? ''}/dead-letters` },
    { name: 'pausing an export', path: `/exports/${exported?.id ?? ''}`, plans: 'Pause', open: press('Pause') },
    { name: 'deleting an export', path: `/exports/${exported?.id ?? ''}`, plans: 'Delete', open: press('Delete') },
    { name: 'testing an export', path: `/exports/${exported?.id ?? ''}`, open: press('Test') },
    { name: 'new export', path: '/exports/new' },
    { name: 'settings', asks: true, path: '/settings' },
    { name: 'users', asks: true, path: '/settings/users' },
    { name: 'nowhere', path: '/nowhere' },
    { name: 'search', path: '/fleet', open: (page) => page.keyboard.press('/').then(() => page.getByRole('dialog').waitFor()) },
    { name: 'commands', path: '/fleet', open: (page) => page.keyboard.press('Control+k').then(() => page.getByRole('dialog').waitFor()) },
    { name: 'account menu', path: '/settings', open: (page) => page.getByRole('button', { name: /^Account/ }).click() },
  ];
}

/** Something for the pages of exports. */
export function anExport(bed: Testbed): Promise<string> {
  return anExportTo(bed, { name: 'audit-file', format: 'ocsf', transport: { kind: 'file', name: 'audit', max_bytes: 1 << 26, keep: 3 } });
}

export async function visit(page: Page, bed: Testbed, place: Place): Promise<void> {
  await page.goto(`${bed.url}${place.path}`);
  await settled(page);
  const nowhere = await page.getByRole('heading', { level: 1, name: 'There is no such page' }).count();
  if ((nowhere > 0) !== (place.path === '/nowhere')) throw new Error(`${place.name}: ${place.path} leads ${nowhere > 0 ? 'nowhere' : 'somewhere'}`);
  await place.open?.(page);
}
