import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, configure, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import { follow } from '../../api/live';
import { queryClient } from '../../api/query';
import { signIn } from '../../api/session';
import Fleet from './page';
import type { FleetView, HeatCell, HeatGroup } from './queries';

vi.mock('./parts/donut', () => ({ default: () => null }));

// Also on a machine that has other things to do.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 8_000 });

type Answer = unknown | ((url: URL) => unknown);
let answers: Record<string, Answer>;
let asked: string[];

const session = { access_token: 't', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: ['admin'] } };
const PERMISSIONS = ['clusters:read', 'clusters:manage', 'audit:read'];
const me = { id: 'user_1', tenant: 'tenant_1', email: null, display_name: null, roles: [], permissions: PERMISSIONS, session: 's' };
const id = (number: number) => `cluster_0${String(number).padStart(25, '0')}`;

function fleet(total: number, over: Partial<FleetView> = {}): FleetView {
  const clusters = { total, by_status: { active: total }, by_health: total > 0 ? { healthy: total } : {}, by_provider: {}, by_region: {}, by_version: total > 0 ? { 'v1.33.2': total } : {} };
  return { position: 10, clusters, nodes: { total: 3 * total, ready: 2 * total }, attention: [], attention_total: 0, recent: [], ...over } as FleetView;
}

function heat(groups: HeatGroup[]) {
  const total = groups.reduce((sum, group) => sum + group.cells.length, 0);
  return { position: 10, total, shown: total, groups };
}
const cell = (number: number, health = 'healthy'): HeatCell => ({ id: id(number), name: `prod-${number}`, health, status: 'active' });
const group = (key: string, cells: HeatCell[]): HeatGroup => ({ key, by_health: { healthy: cells.length }, cells });

beforeEach(async () => {
  localStorage.clear();
  asked = [];
  answers = {
    '/auth/login': session,
    '/me': me,
    '/fleet': fleet(2),
    '/fleet/heatmap': heat([group('aws', [cell(1, 'unreachable'), cell(2)]), group('gcp', [cell(3)])]),
    '/audit-logs': [],
    '/ledger/head': { checkpoint: null, size: 0 },
  };
  vi.stubGlobal('fetch', async (what: Request | string) => {
    const url = new URL(typeof what === 'string' ? what : what.url, 'http://localhost');
    asked.push(url.pathname.replace('/api/v1', '') + url.search);
    const answer = answers[url.pathname.replace('/api/v1', '')];
    const made: unknown = typeof answer === 'function' ? await (answer as (url: URL) => unknown)(url) : answer;
    return made instanceof Response ? made : Response.json(made);
  });
  await signIn('a@b.example', 'secret', undefined);
});

function Here() {
  const { pathname, search } = useLocation();
  return <output aria-label="address">{pathname + search}</output>;
}

function show(address = '/fleet') {
  const client = queryClient();
  render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[address]}>
        <Routes>
          <Route path="/fleet/*" element={<Fleet />} />
          <Route path="*" element={null} />
        </Routes>
        <Here />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return client;
}
const refused = () => Response.json({ type: '/problems/internal', title: 'Something went wrong', status: 500, code: 'internal', detail: 'd' }, { status: 500 });

it('says that it is loading, then shows the fleet', async () => {
  let answer: (view: FleetView) => void = () => undefined;
  answers['/fleet'] = () => new Promise<FleetView>((resolve) => (answer = resolve));
  show();
  expect(await screen.findByText('The fleet is loading')).toBeInTheDocument();
  await waitFor(() => expect(asked).toContain('/fleet'));
  answer(fleet(2));
  expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
  expect(screen.queryByText('The fleet is loading')).toBeNull();
  expect(screen.getByText('4 of 6 nodes are ready')).toBeInTheDocument();
});

it('says what failed, and asks again when told', async () => {
  answers['/fleet'] = refused;
  show();
  expect(await screen.findByRole('heading', { name: 'Something went wrong' })).toBeInTheDocument();
  answers['/fleet'] = fleet(2);
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
});

it('shows the rest when the grid alone fails', async () => {
  answers['/fleet/heatmap'] = refused;
  show();
  expect(await screen.findByRole('heading', { name: 'Something went wrong' })).toBeInTheDocument();
  expect(screen.getByRole('heading', { name: 'Health' })).toBeInTheDocument();
});

it('leads from a count to the clusters that it counts', async () => {
  show();
  const tiles = within(await screen.findByRole('list', { name: 'Clusters by health' }));
  expect(tiles.getByRole('link', { name: '0 Degraded' })).toHaveAttribute('href', '/clusters?health=degraded');
  expect(tiles.getByRole('link', { name: '2 Healthy' })).toHaveAttribute('href', '/clusters?health=healthy');
});

it('shows a thousand clusters, each a link that names its health, with one tab stop a group', async () => {
  answers['/fleet'] = fleet(1000);
  answers['/fleet/heatmap'] = heat(['aws', 'gcp'].map((key, place) => group(key, Array.from({ length: 500 }, (_, at) => cell(place * 500 + at, at === 0 ? 'degraded' : 'healthy')))));
  show();
  const list = await screen.findByRole('list', { name: 'AWS' });
  const links = [...document.querySelectorAll<HTMLAnchorElement>('a.cm-fleet-cell')];
  expect(links).toHaveLength(1000);
  expect(links[0]).toHaveAccessibleName('prod-0: degraded');
  expect(links[0]).toHaveAttribute('href', `/clusters/${id(0)}`);
  expect(links.filter((link) => link.tabIndex === 0)).toEqual([links[0], links[500]]);
  links[0]?.focus();
  fireEvent.keyDown(links[0] as HTMLElement, { key: 'ArrowRight' });
  expect(list.querySelectorAll('a')[1]).toHaveFocus();
  expect(links.filter((link) => link.tabIndex === 0)).toEqual([links[1], links[500]]);
  fireEvent.keyDown(links[1] as HTMLElement, { key: 'End' });
  expect(links[499]).toHaveFocus();
});

it('opens a cluster without loading the page anew, and says which one is under the focus', async () => {
  show('/fleet?as_of=7');
  const link = await screen.findByRole('link', { name: 'prod-1: unreachable' });
  fireEvent.focusIn(link);
  expect(await screen.findByText('prod-1: unreachable')).toBeInTheDocument();
  fireEvent.keyDown(link, { key: 'Escape' });
  expect(screen.queryByText('prod-1: unreachable')).toBeNull();
  await userEvent.click(link);
  expect(screen.getByLabelText('address')).toHaveTextContent(`/clusters/${id(1)}?as_of=7`);
});

it('groups by what the address says, and keeps the choice there', async () => {
  show('/fleet?group=region');
  await screen.findByRole('heading', { name: 'Health' });
  await waitFor(() => expect(asked).toContain('/fleet/heatmap?group_by=region'));
  answers['/clusters'] = [{ labels: { env: 'prod' } }];
  await userEvent.selectOptions(screen.getByLabelText('Group by'), 'Label');
  await userEvent.type(screen.getByLabelText('Key of the label'), 'env{Enter}');
  await waitFor(() => expect(asked).toContain('/fleet/heatmap?group_by=label%3Aenv'));
  expect(screen.getByLabelText('address')).toHaveTextContent('/fleet?group=label%3Aenv');
});

it('asks all of the past for the past, and shows no first steps there', async () => {
  show('/fleet?as_of=7');
  await screen.findByRole('heading', { name: 'Health' });
  expect(asked.filter((one) => one.startsWith('/fleet'))).toEqual(['/fleet?as_of=7', '/fleet/heatmap?group_by=provider&as_of=7']);
  expect(screen.getByText(/You are looking at the past/)).toBeInTheDocument();
  expect(screen.queryByRole('heading', { name: /Three steps/ })).toBeNull();
  expect(screen.getByRole('link', { name: '2 Healthy' })).toHaveAttribute('href', '/clusters?health=healthy&as_of=7');
});

it('leads to another moment, from the first cluster on', async () => {
  answers['/clusters'] = [{ created_at: '2026-01-01T00:00:00Z', labels: {} }];
  show();
  await userEvent.click(await screen.findByRole('button', { name: 'Time travel' }));
  const slider = screen.getByRole('slider');
  await waitFor(() => expect(slider).toBeEnabled());
  fireEvent.change(slider, { target: { value: '0' } });
  await waitFor(() => expect(screen.getByLabelText('address')).toHaveTextContent(/as_of=2026-01-01T00/));
  await waitFor(() => expect(asked.some((one) => one.startsWith('/fleet?as_of=2026-01-01T00'))).toBe(true));
});

it('tells what needs attention, why, and since when', async () => {
  const cluster = {
    ...cell(1, 'degraded'),
    failure: null,
    issues: [{ code: 'node-not-ready', object: 'node/a', message: 'It is not ready. More.' }, { code: 'x', object: 'y', message: 'z' }],
    updated_at: '2026-01-01T00:00:00Z',
  };
  answers['/fleet'] = fleet(2, { attention: [cluster] as unknown as FleetView['attention'], attention_total: 30 });
  show();
  const card = within(await screen.findByRole('region', { name: 'Clusters that need attention' }));
  expect(card.getByText('It is not ready. (node/a) And 1 more.')).toBeInTheDocument();
  expect(card.getByText(/Like this since/)).toHaveTextContent(/2026/);
  expect(screen.getByRole('heading', { name: '30 clusters need attention' })).toBeInTheDocument();
});

it('welcomes to an empty fleet, and is quiet once it is told so', async () => {
  answers['/fleet'] = fleet(0);
  show();
  expect(await screen.findByRole('heading', { name: /Three steps/ })).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'Import a cluster' })).toHaveAttribute('href', '/clusters/import');
  expect(screen.queryByRole('link', { name: /Open the cluster|See the entry/ })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Close the first steps' }));
  expect(await screen.findByRole('heading', { name: 'There are no clusters' })).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Show the first steps' }));
  expect(await screen.findByRole('heading', { name: /Three steps/ })).toBeInTheDocument();
});

it('offers no import to those who may not', async () => {
  answers['/fleet'] = fleet(0);
  answers['/me'] = { ...me, permissions: ['clusters:read'] };
  show();
  expect(await screen.findByRole('heading', { name: 'There are no clusters' })).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: /Import/ })).toBeNull();
});

it('ticks the steps off by what happened, and does not come back once all are', async () => {
  answers['/audit-logs'] = [{ id: 'entry-1', sequence: 4, target_id: id(1) }];
  answers['/ledger/head'] = { checkpoint: { size: 5 }, size: 9 };
  show();
  expect(await screen.findByText('1 of 3 are done. They tick themselves off.')).toBeInTheDocument();
  expect(await screen.findByRole('link', { name: 'Open the cluster' })).toHaveAttribute('href', `/clusters/${id(1)}`);
  expect(await screen.findByRole('link', { name: 'See the entry' })).toHaveAttribute('href', '/audit/entry-1');
  cleanup();
  localStorage.setItem('clustermaster.looked', id(1));
  localStorage.setItem('clustermaster.verified', 'entry-1');
  show();
  expect(await screen.findByRole('heading', { name: 'That was all of it' })).toBeInTheDocument();
  cleanup();
  show();
  expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
  expect(screen.queryByRole('heading', { name: /That was all of it|Three steps/ })).toBeNull();
});

it('shows what comes over the stream, marks it, and asks anew', async () => {
  const stop = new AbortController();
  const encoder = new TextEncoder();
  let send: (event: unknown) => void = () => undefined;
  answers['/events'] = () =>
    new Response(
      new ReadableStream({
        start(out) {
          send = (event) => out.enqueue(encoder.encode(`id: 11\nevent: e\ndata: ${JSON.stringify(event)}\n\n`));
        },
      }),
    );
  const client = show();
  const activity = within(await screen.findByRole('region', { name: 'Recent activity' }));
  expect(activity.getByText('Nothing has happened yet.')).toBeInTheDocument();
  await screen.findByRole('link', { name: 'prod-2: healthy' });
  void follow(client, stop.signal);
  await waitFor(() => expect(asked).toContain('/events'));
  answers['/fleet/heatmap'] = heat([group('aws', [cell(1, 'unreachable'), cell(2, 'degraded')]), group('gcp', [cell(3)])]);
  send({ position: 11, recorded_at: '2026-01-01T00:00:00Z', event_type: 'cluster.health_changed.v2', outcome: 'succeeded', summary: 'it changed', target_type: 'cluster', target_id: id(2) });
  const entry = await activity.findByRole('link', { name: 'Cluster: health changed at position 11' });
  expect(entry).toHaveAttribute('href', '/audit/at/11');
  expect(entry.closest('li')).toHaveAttribute('data-fresh');
  expect(activity.getByRole('link', { name: 'prod-2' })).toBeInTheDocument();
  const changed = await screen.findByRole('link', { name: 'prod-2: degraded' });
  expect(changed).toHaveAttribute('data-fresh');
  expect(screen.getByRole('link', { name: 'prod-3: healthy' })).not.toHaveAttribute('data-fresh');
  stop.abort();
});
