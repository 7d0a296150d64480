/** The states of a page that a hub does not get into on demand: its answers are held up, replaced by a problem, or grown to a thousand rows. */
import type { Page, Route } from 'playwright-core';

import type { Testbed } from './testbed';
import { NOBODY } from './wizard';

/** What the frame of every page lives on is left alone: the session, who one is, the stream of events. */
const ANSWERS = /\/api\/v1\/(?!auth\/|me(\?|$)|events(\?|$))/;

export interface Told {
  status: number;
  title: string;
  detail: string;
  /** What the interface says that one can do. */
  advice: RegExp;
}

export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

export const PROBLEMS: Record<'broken' | 'away' | 'forbidden' | 'missing', Told> = {
  broken: { status: 500, title: 'The hub failed', detail: 'Something in the hub went wrong; what it was is in its log.', advice: /give the trace id to whoever runs this hub/ },
  away: { status: 503, title: 'The database does not answer', detail: 'The hub could not reach its database.', advice: /give the trace id to whoever runs this hub/ },
  forbidden: { status: 403, title: 'You may not do this', detail: 'It takes a permission that your roles do not give.', advice: /Ask an administrator of your tenant/ },
  missing: { status: 404, title: 'There is no such thing', detail: 'Nothing of this tenant has that id.', advice: /removed, or the address has a typing error/ },
};

/** Holds up every answer until it is told to let them through. */
export async function hold(page: Page, what: RegExp = ANSWERS): Promise<() => Promise<void>> {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const wait = async (route: Route) => {
    await opened;
    await route.continue().catch(() => undefined);
  };
  await page.route(what, wait);
  return async () => {
    open();
    await page.unroute(what, wait);
  };
}

/** Answers everything with one problem until it is told to stop. */
export async function fail(page: Page, told: Told, what: RegExp = ANSWERS): Promise<() => Promise<void>> {
  const answer = (route: Route) =>
    route.fulfill({
      status: told.status,
      headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '0' },
      body: JSON.stringify({ type: `/problems/told-${told.status}`, title: told.title, status: told.status, code: `told-${told.status}`, detail: told.detail, trace_id: TRACE }),
    });
  await page.route(what, answer);
  return () => page.unroute(what, answer);
}

/** Rows of a list that the hub does not have, a page of them at a time; their number is `total`. */
export async function grow(page: Page, path: RegExp, row: (nth: number) => unknown, total = 1000): Promise<void> {
  await page.route(path, async (route) => {
    const asked = new URL(route.request().url());
    const limit = Number(asked.searchParams.get('limit') ?? 50);
    const from = Number(asked.searchParams.get('cursor') ?? 0);
    const rows = Array.from({ length: Math.max(0, Math.min(limit, total - from)) }, (_, nth) => row(from + nth));
    const next = new URL(asked);
    next.searchParams.set('cursor', String(from + limit));
    const headers: Record<string, string> = { 'Content-Type': 'application/json', 'Total-Count': String(total), 'Ledger-Position': '1' };
    if (from + limit < total) headers['Link'] = `<${next.pathname}${next.search}>; rel="next"`;
    await route.fulfill({ headers, body: JSON.stringify(rows) });
  });
}

/** The longest that the API takes, and writing that runs the other way. */
export const LONG = 'a-cluster-whose-name-is-as-long-as-a-dns-label-may-be-and-so-on';
export const RTL = 'مركز البيانات الشرقي 👩🏽‍🚀🛰️';
const ago = (nth: number) => new Date(Date.now() - nth * 3_600_000).toISOString();

export const aUser = (nth: number) => ({
  id: `user_${String(nth).padStart(26, '0')}`,
  email: nth % 3 === 0 ? `${'long'.repeat(15)}.${nth}@${'subdomain.'.repeat(12)}example.org` : `somebody-${nth}@example.org`,
  display_name: [`Somebody ${nth}`, `${RTL} ${nth}`, 'N'.repeat(100)][nth % 3],
  roles: nth % 2 === 0 ? ['admin', 'operator', 'viewer'] : ['viewer'],
  status: nth % 5 === 0 ? 'disabled' : 'active',
  created_at: ago(nth),
  last_signed_in_at: nth % 4 === 0 ? null : ago(nth / 10),
});

export const aDeadLetter = (nth: number) => ({
  event_id: `01a21f2e-cbf9-77aa-9abf-${String(nth).padStart(12, '0')}`,
  event_type: 'cluster.health_changed.v1',
  position: nth + 1,
  attempts: (nth % 9) + 1,
  error: nth % 2 === 0 ? `400: mapper_parsing_exception: ${'failed to parse field '.repeat(10)}[${'x'.repeat(120)}]` : '413: the message is too large',
  since: ago(nth),
});

export const aNode = (nth: number) => ({
  name: nth % 3 === 0 ? `ip-10-0-${nth}.${'a-very-long-subdomain-of-a-provider.'.repeat(4)}compute.internal` : `worker-${nth}`,
  ready: nth % 7 !== 0,
  schedulable: nth % 11 !== 0,
  roles: nth % 20 === 0 ? ['control-plane', 'etcd'] : ['worker'],
  kubelet_version: 'v1.33.4+rke2r1',
  cpu: '64',
  memory: '263856332Ki',
});

export const aWorkload = (nth: number) => ({
  namespace: nth % 3 === 0 ? LONG : 'db',
  name: `${['postgres', 'kafka', 'elasticsearch'][nth % 3]}-${nth}`,
  kind: 'StatefulSet',
  replicas: 3,
  ready_replicas: nth % 7 === 0 ? 2 : 3,
  updated_replicas: 3,
  images: [`registry.example.org/${'team/'.repeat(10)}database@sha256:${'ab'.repeat(32)}`, 'docker.io/library/exporter:1.2'],
  volumes: [
    { name: `data-${LONG}-0`, phase: 'Bound', capacity: '100Gi', storage_class: 'gp3' },
    { name: 'data-1', phase: nth % 7 === 0 ? 'Pending' : 'Bound', capacity: '20Gi', storage_class: null },
  ],
});

export const anExportOf = (nth: number) => ({
  id: `export_${String(nth).padStart(26, '0')}`,
  name: nth % 3 === 0 ? `${LONG.slice(0, 58)}-${nth}` : `export-${nth}`,
  status: nth % 4 === 0 ? 'paused' : 'active',
  format: 'ocsf',
  transport: { kind: 'webhook', url: `https://siem.example.org/${'a-long-path/'.repeat(12)}`, tls: {} },
  filter: {},
  lag_events: nth * 1000,
  lag_seconds: nth * 100,
  delivered: nth,
  last_delivered_at: nth % 5 === 0 ? null : ago(nth),
  failures: nth % 6 === 0 ? 12 : 0,
  last_error: nth % 6 === 0 ? { message: `503: ${'the other side is busy '.repeat(8)}${'x'.repeat(90)}`, at: ago(1) } : null,
  dead_letters: nth % 2 === 0 ? nth : 0,
  cursor: nth,
  revision: 1,
  position: nth + 1,
});

export const anEvent = (nth: number) => ({
  id: `01a21f2e-cbf9-77aa-9abf-${String(nth).padStart(12, '0')}`,
  position: 5000 - nth,
  event_type: 'cluster.changed.v1',
  target_type: 'cluster',
  target_id: 'cluster_01m8fjxj9pejgsp84r6r0qx072',
  outcome: ['succeeded', 'failed', 'refused'][nth % 3],
  actor: 'user_01m8fjxhv3e1naz8w70hvqq5x7',
  recorded_at: ago(nth),
  summary: nth % 3 === 0 ? `changed ${'labels and '.repeat(12)}${'x'.repeat(90)}` : 'changed labels',
  reason: nth % 2 === 0 ? `${RTL} ${'reasons '.repeat(20)}` : null,
  change_request: null,
  before: { labels: { [LONG]: LONG } },
  after: { labels: { [LONG]: `${LONG}-2`, 'x.example.org/long': 'y'.repeat(63) } },
});

/** A real cluster with the longest name, region, label keys and values that the hub takes; its id. */
export async function aWide(bed: Testbed): Promise<string> {
  const labels = Object.fromEntries(Array.from({ length: 40 }, (_, nth) => [`${'prefix-of-labels.'.repeat(6)}example.org/key-${nth}`, `${'a-value-that-is-long-'.repeat(2)}${nth}`]));
  const body = { name: LONG, provider: 'on_premises', region: 'a-region-that-is-as-long-as-the-hub-takes-it-and-then-some-more', labels, credentials: { kubeconfig: NOBODY } };
  const made = await bed.api<{ id: string }>('clusters', { method: 'POST', body: JSON.stringify(body), headers: { 'Idempotency-Key': 'a-wide-cluster', Reason: Buffer.from(`${RTL} ${'reasons '.repeat(30)}`).toString('latin1') } });
  return made.id;
}

/** Run in the page: what is cut off without a way to read it, and what lies over something else. */
export const cut = () => {
  const wrong: string[] = [];
  const seen = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  for (const element of document.querySelectorAll<HTMLElement>('main *')) {
    const style = getComputedStyle(element);
    if (element.classList.contains('cm-visually-hidden') || element.classList.contains('pf-v6-u-screen-reader') || element.classList.contains('pf-v6-screen-reader') || !seen(element)) continue;
    const scrolls = /auto|scroll/.test(style.overflowX);
    const hides = /hidden|clip/.test(style.overflowX);
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    // What is told in full on hover and focus, or typed in, can be read.
    if (own && hides && !scrolls && element.scrollWidth > element.clientWidth + 1 && !element.closest('[title], [aria-describedby], [tabindex="0"], button, svg')) wrong.push(`cut: ${element.textContent?.trim().slice(0, 60)}`);
  }
  // Controls do not lie over each other.
  const controls = [...document.querySelectorAll<HTMLElement>('main :is(button, a, input, select, textarea)')].filter((one) => seen(one) && one.getClientRects().length === 1 && !one.closest('.cm-fleet-cells, .cm-fleet-box, .cm-scroll'));
  const boxes = controls.slice(0, 400).map((one) => ({ one, box: one.getBoundingClientRect() }));
  boxes.forEach(({ one, box }, nth) => {
    for (const other of boxes.slice(nth + 1)) {
      if (one.contains(other.one) || other.one.contains(one)) continue;
      const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (wide > 2 && high > 2) wrong.push(`one over the other: ${(one.textContent || one.ariaLabel)?.trim().slice(0, 30)} and ${(other.one.textContent || other.one.ariaLabel)?.trim().slice(0, 30)}`);
    }
  });
  return [...new Set(wrong)].slice(0, 10);
};
