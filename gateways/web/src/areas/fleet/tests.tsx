import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';

import { follow } from '../../api/live';
import { address, answer, asked, cluster, entry, fleet as ofClusters, head, me, problem, show } from '../../kit/testing';
import Fleet from './page';
import type { FleetView, HeatCell, HeatGroup } from './queries';

vi.mock('./parts/donut', () => ({ default: () => null }));

const id = (number: number) => `cluster_0${String(number).padStart(25, '0')}`;

const fleet = (total: number, some: Partial<FleetView> = {}) =>
  ofClusters({
    position: 10,
    clusters: { total, by_status: { active: total }, by_health: total > 0 ? { healthy: total } : {}, by_provider: {}, by_region: {}, by_version: total > 0 ? { 'v1.33.2': total } : {} },
    nodes: { total: 3 * total, ready: 2 * total },
    ...some,
  });

function heat(groups: HeatGroup[]) {
  const total = groups.reduce((sum, group) => sum + group.cells.length, 0);
  return { position: 10, total, shown: total, groups };
}
const cell = (number: number, health = 'healthy'): HeatCell => ({ id: id(number), name: `prod-${number}`, health, status: 'active' });
const group = (key: string, cells: HeatCell[]): HeatGroup => ({ key, by_health: { healthy: cells.length }, cells });

const FLEET = 'GET /api/v1/fleet';
const HEAT = 'GET /api/v1/fleet/heatmap';
const CLUSTERS = 'GET /api/v1/clusters';

beforeEach(() => answer({ [FLEET]: fleet(2), [HEAT]: heat([group('aws', [cell(1, 'unreachable'), cell(2)]), group('gcp', [cell(3)])]) }));

const open = (at = '/fleet') => show(<Fleet />, at);
const refused = () => problem(500, 'internal', { title: 'Something went wrong' });
const grouped = () => asked(HEAT).map(({ query }) => query.get('group_by'));

it('says that it is loading, then shows the fleet', async () => {
  let loaded: (view: FleetView) => void = () => undefined;
  answer({ [FLEET]: () => new Promise<FleetView>((resolve) => (loaded = resolve)) });
  open();
  expect(await screen.findByText('The fleet is loading')).toBeInTheDocument();
  await waitFor(() => expect(asked(FLEET)).toHaveLength(1));
  loaded(fleet(2));
  expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
  expect(screen.queryByText('The fleet is loading')).toBeNull();
  expect(screen.getByText('4 of 6 nodes are ready')).toBeInTheDocument();
});

it('says what failed, and asks again when told', async () => {
  answer({ [FLEET]: refused });
  open();
  expect(await screen.findByRole('heading', { name: 'Something went wrong' })).toBeInTheDocument();
  answer({ [FLEET]: fleet(2) });
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
});

it('shows the rest when the grid alone fails', async () => {
  answer({ [HEAT]: refused });
  open();
  expect(await screen.findByRole('heading', { name: 'Something went wrong' })).toBeInTheDocument();
  expect(screen.getByRole('heading', { name: 'Health' })).toBeInTheDocument();
});

it('leads from a count to the clusters that it counts', async () => {
  open();
  const tiles = within(await screen.findByRole('list', { name: 'Clusters by health' }));
  expect(tiles.getByRole('link', { name: '0 Degraded' })).toHaveAttribute('href', '/clusters?health=degraded');
  expect(tiles.getByRole('link', { name: '2 Healthy' })).toHaveAttribute('href', '/clusters?health=healthy');
  expect(screen.getByRole('link', { name: 'v1.33.2 2' })).toHaveAttribute('href', '/clusters?k8s_version=v1.33.2');
});

it('shows a thousand clusters, each a link that names its health, with one tab stop a group', async () => {
  answer({ [FLEET]: fleet(1000) });
  answer({ [HEAT]: heat(['aws', 'gcp'].map((key, place) => group(key, Array.from({ length: 500 }, (_, at) => cell(place * 500 + at, at === 0 ? 'degraded' : 'healthy'))))) });
  open();
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
  open('/fleet?as_of=7');
  const link = await screen.findByRole('link', { name: 'prod-1: unreachable' });
  fireEvent.focusIn(link);
  expect(await screen.findByText('prod-1: unreachable')).toBeInTheDocument();
  fireEvent.keyDown(link, { key: 'Escape' });
  expect(screen.queryByText('prod-1: unreachable')).toBeNull();
  await userEvent.click(link);
  expect(address()).toBe(`/clusters/${id(1)}?as_of=7`);
});

it('groups by what the address says, and keeps the choice there', async () => {
  open('/fleet?group=region');
  await screen.findByRole('heading', { name: 'Health' });
  await waitFor(() => expect(grouped()).toContain('region'));
  answer({ [CLUSTERS]: [cluster()] });
  await userEvent.selectOptions(screen.getByLabelText('Group by'), 'Label');
  await userEvent.type(screen.getByLabelText('Key of the label'), 'env{Enter}');
  await waitFor(() => expect(grouped()).toContain('label:env'));
  expect(address()).toBe('/fleet?group=label%3Aenv');
});

it('asks all of the past for the past, and shows no first steps there', async () => {
  open('/fleet?as_of=7');
  await screen.findByRole('heading', { name: 'Health' });
  expect([...asked(FLEET), ...asked(HEAT)].map(({ query }) => query.toString())).toEqual(['as_of=7', 'group_by=provider&as_of=7']);
  expect(screen.getByText(/You are looking at the past/)).toBeInTheDocument();
  expect(screen.queryByRole('heading', { name: /Three steps/ })).toBeNull();
  expect(screen.getByRole('link', { name: '2 Healthy' })).toHaveAttribute('href', '/clusters?health=healthy&as_of=7');
});

it('leads to another moment, from the first cluster on', async () => {
  answer({ [CLUSTERS]: [cluster({ created_at: '2026-01-01T00:00:00Z' })] });
  open();
  await userEvent.click(await screen.findByRole('button', { name: 'Time travel' }));
  const slider = screen.getByRole('slider');
  await waitFor(() => expect(slider).toBeEnabled());
  fireEvent.change(slider, { target: { value: '0' } });
  await waitFor(() => expect(address()).toMatch(/as_of=2026-01-01T00/));
  await waitFor(() => expect(asked(FLEET).at(-1)?.query.get('as_of')).toMatch(/^2026-01-01T00/));
});

it('tells what needs attention, why, and since when', async () => {
  const ill = cluster({
    health: 'degraded',
    issues: [{ code: 'node-not-ready', object: 'node/a', message: 'It is not ready. More.' }, { code: 'x', object: 'y', message: 'z' }],
    updated_at: '2026-01-01T00:00:00Z',
  });
  answer({ [FLEET]: fleet(2, { attention: [ill], attention_total: 30 }) });
  open();
  const card = within(await screen.findByRole('region', { name: 'Clusters that need attention' }));
  expect(card.getByText('It is not ready. (node/a) And 1 more.')).toBeInTheDocument();
  expect(card.getByText(/Like this since/)).toHaveTextContent(/2026/);
  expect(screen.getByRole('heading', { name: '30 clusters need attention' })).toBeInTheDocument();
});

it('welcomes to an empty fleet, and is quiet once it is told so', async () => {
  answer({ [FLEET]: fleet(0) });
  open();
  expect(await screen.findByRole('heading', { name: /Three steps/ })).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'Import a cluster' })).toHaveAttribute('href', '/clusters/import');
  expect(screen.queryByRole('link', { name: /Open the cluster|See the entry/ })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Close the first steps' }));
  expect(await screen.findByRole('heading', { name: 'There are no clusters' })).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Show the first steps' }));
  expect(await screen.findByRole('heading', { name: /Three steps/ })).toBeInTheDocument();
});

it('offers no import to those who may not', async () => {
  answer({ [FLEET]: fleet(0) });
  answer({ 'GET /api/v1/me': me({ permissions: ['clusters:read'] }) });
  open();
  expect(await screen.findByRole('heading', { name: 'There are no clusters' })).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: /Import/ })).toBeNull();
});

it('ticks the steps off by what happened, and does not come back once all are', async () => {
  answer({
    'GET /api/v1/audit-logs': [entry(5, { id: 'entry-1', target_id: id(1) })],
    'GET /api/v1/ledger/head': head(9, 4),
  });
  open();
  expect(await screen.findByText('1 of 3 are done. They tick themselves off.')).toBeInTheDocument();
  expect(await screen.findByRole('link', { name: 'Open the cluster' })).toHaveAttribute('href', `/clusters/${id(1)}`);
  expect(await screen.findByRole('link', { name: 'See the entry' })).toHaveAttribute('href', '/audit/entry-1');
  cleanup();
  localStorage.setItem('clustermaster.looked', id(1));
  localStorage.setItem('clustermaster.verified', 'entry-1');
  open();
  expect(await screen.findByRole('heading', { name: 'That was all of it' })).toBeInTheDocument();
  cleanup();
  open();
  expect(await screen.findByRole('heading', { name: 'Health' })).toBeInTheDocument();
  expect(screen.queryByRole('heading', { name: /That was all of it|Three steps/ })).toBeNull();
});

it('shows what comes over the stream, marks it, and asks anew', async () => {
  const stop = new AbortController();
  const encoder = new TextEncoder();
  let send: (event: unknown) => void = () => undefined;
  const body = new ReadableStream({
    start(out) {
      send = (event) => out.enqueue(encoder.encode(`id: 11\nevent: e\ndata: ${JSON.stringify(event)}\n\n`));
    },
  });
  answer({ 'GET /api/v1/events': () => new Response(body) });
  const { client } = open();
  const activity = within(await screen.findByRole('region', { name: 'Recent activity' }));
  expect(activity.getByText('Nothing has happened yet.')).toBeInTheDocument();
  await screen.findByRole('link', { name: 'prod-2: healthy' });
  void follow(client, stop.signal);
  await waitFor(() => expect(asked('GET /api/v1/events')).toHaveLength(1));
  answer({ [HEAT]: heat([group('aws', [cell(1, 'unreachable'), cell(2, 'degraded')]), group('gcp', [cell(3)])]) });
  send(entry(11, { target_id: id(2), actor: 'system:observer' }));
  const line = await activity.findByRole('link', { name: 'Cluster: health changed at position 11' });
  expect(line).toHaveAttribute('href', '/audit/at/11');
  expect(line.closest('li')).toHaveAttribute('data-fresh');
  expect(activity.getByRole('link', { name: 'prod-2' })).toBeInTheDocument();
  const changed = await screen.findByRole('link', { name: 'prod-2: degraded' });
  expect(changed).toHaveAttribute('data-fresh');
  expect(screen.getByRole('link', { name: 'prod-3: healthy' })).not.toHaveAttribute('data-fresh');
  stop.abort();
});
