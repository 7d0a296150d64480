/** Every page and dialog of the interface: where it is, and how it is opened. */
import type { Page } from 'playwright-core';

import { settled } from './kit';
import type { Testbed } from './testbed';

export interface Place {
  name: string;
  path: string;
  /** What opens it on that page. */
  open?: (page: Page) => Promise<void>;
}

interface Cluster {
  id: string;
  name: string;
}

/** All of them, on a seeded fleet with an export. */
export async function places(bed: Testbed): Promise<Place[]> {
  const clusters = await bed.api<Cluster[]>('clusters?limit=2&health=degraded');
  const [first, second] = [clusters[0]?.id ?? '', clusters[1]?.id ?? ''];
  const [entry] = await bed.api<{ id: string }[]>('audit-logs?limit=1&event_type=cluster.changed.v1');
  const [exported] = await bed.api<{ id: string }[]>('exports?limit=1');
  return [
    { name: 'fleet', path: '/fleet' },
    { name: 'fleet in the past', path: '/fleet?as_of=40' },
    { name: 'clusters', path: '/clusters' },
    { name: 'clusters, none found', path: '/clusters?name=nothing-is-called-so' },
    { name: 'cluster', path: `/clusters/${first}` },
    { name: 'import', path: '/clusters/import' },
    { name: 'compare', path: `/clusters/compare?ids=${first},${second}` },
    { name: 'audit', path: '/audit' },
    { name: 'entry', path: `/audit/${entry?.id ?? ''}` },
    { name: 'verify', path: `/audit/${entry?.id ?? ''}/verify` },
    { name: 'exports', path: '/exports' },
    { name: 'export', path: `/exports/${exported?.id ?? ''}` },
    { name: 'new export', path: '/exports/new' },
    { name: 'settings', path: '/settings' },
    { name: 'nowhere', path: '/nowhere' },
    { name: 'search', path: '/fleet', open: (page) => page.keyboard.press('/').then(() => page.getByRole('dialog').waitFor()) },
    { name: 'commands', path: '/fleet', open: (page) => page.keyboard.press('Control+k').then(() => page.getByRole('dialog').waitFor()) },
    { name: 'account menu', path: '/settings', open: (page) => page.getByRole('button', { name: /^Account/ }).click() },
  ];
}

/** Something for the pages of exports. */
export async function anExport(bed: Testbed): Promise<void> {
  const body = { name: 'audit-file', format: 'ocsf', transport: { kind: 'file', name: 'audit', max_bytes: 1 << 26, keep: 3 } };
  await bed.api('exports', { method: 'POST', body: JSON.stringify(body), headers: { 'Idempotency-Key': 'an-export' } });
}

export async function visit(page: Page, bed: Testbed, place: Place): Promise<void> {
  await page.goto(`${bed.url}${place.path}`);
  await settled(page);
  await place.open?.(page);
}
