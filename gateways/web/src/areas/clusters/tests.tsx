import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';

import { askedFor, cluster, entry, ID, listAnswer, open, problem, where } from './testing';

// Roles are looked up in whole pages, on machines that do other things as well.
vi.setConfig({ testTimeout: 20_000 });
beforeEach(() => localStorage.clear());

const LIST = '/api/v1/clusters';
const ONE = `${LIST}/${ID}`;
const thousand = (url: URL) => {
  if (url.pathname !== LIST || url.searchParams.get('limit') === '1') return undefined;
  const first = url.searchParams.get('cursor') === 'two' ? 10 : 0;
  const rows = Array.from({ length: 10 }, (_, row) => cluster({ id: ID.slice(0, -3) + String(first + row).padStart(3, '0'), name: `edge-${first + row}` }));
  return listAnswer(rows, 1000, first === 0 ? 'two' : undefined);
};
const lists = () => askedFor(LIST).filter((url) => url.searchParams.get('limit') !== '1');

it('shows a page of a thousand clusters, and the next one', async () => {
  const router = open('/clusters', thousand);
  expect(await screen.findByRole('link', { name: 'edge-0' })).toHaveAttribute('href', expect.stringMatching(/^\/clusters\/cluster_/));
  expect(screen.getByText('10 of 1,000')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  expect(await screen.findByRole('link', { name: 'edge-10' })).toBeInTheDocument();
  expect(where(router).get('cursor')).toBe('two');
  await userEvent.click(screen.getByRole('button', { name: 'Previous page' }));
  expect(await screen.findByRole('link', { name: 'edge-0' })).toBeInTheDocument();
});

it('asks for what its address says', async () => {
  open('/clusters?q=pay&status=active,updating&health=degraded&provider=aws&region=us-west-2&label=env%3Dprod&sort=-updated_at&limit=20&as_of=7', thousand);
  await screen.findByRole('link', { name: 'edge-0' });
  expect(Object.fromEntries(lists()[0]?.searchParams ?? [])).toEqual({
    q: 'pay', status: 'active,updating', health: 'degraded', provider: 'aws', region: 'us-west-2', label: 'env=prod', sort: '-updated_at', limit: '20', as_of: '7',
  });
  expect(screen.getByText(/as it was after ledger position 7/)).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'edge-0' })).toHaveAttribute('href', expect.stringContaining('as_of=7'));
});

it('searches once the keys rest, keeps the focus, and takes filters away by their chips', async () => {
  const router = open('/clusters?status=active', thousand);
  await screen.findByRole('link', { name: 'edge-0' });
  const search = screen.getByRole('textbox', { name: 'Search by name, region or endpoint' });
  await userEvent.type(search, 'pay');
  await waitFor(() => expect(lists().at(-1)?.searchParams.get('q')).toBe('pay'));
  expect(lists().map((url) => url.searchParams.get('q'))).not.toContain('p');
  expect(search).toHaveFocus();
  await userEvent.click(screen.getByRole('button', { name: 'Close Active' }));
  expect(where(router).get('status')).toBeNull();
  expect(where(router).get('q')).toBe('pay');
});

it('follows its address where that changes by itself', async () => {
  const router = open('/clusters?q=one', thousand);
  expect(await screen.findByDisplayValue('one')).toBeInTheDocument();
  await act(() => router.navigate('/clusters?q=two'));
  expect(await screen.findByDisplayValue('two')).toBeInTheDocument();
});

it('adds a filter by label, and refuses what is no label', async () => {
  const router = open('/clusters', thousand);
  const field = await screen.findByRole('textbox', { name: 'Label: key=value, or key' });
  await userEvent.type(field, 'env=a=b{Enter}');
  expect(screen.getByText('Write key=value, or key for any value.')).toBeInTheDocument();
  expect(where(router).get('label')).toBeNull();
  await userEvent.clear(field);
  await userEvent.type(field, 'env=prod{Enter}');
  expect(where(router).get('label')).toBe('env=prod');
});

it('says what to do when there is nothing, and does not offer it to those who may not', async () => {
  open('/clusters', () => undefined);
  expect(await screen.findByRole('heading', { name: 'No clusters yet' })).toBeInTheDocument();
  for (const link of await screen.findAllByRole('link', { name: 'Import a cluster' })) expect(link).toHaveAttribute('href', '/clusters/import');
});

it('hides the import from those who may only read', async () => {
  open('/clusters', () => undefined, ['clusters:read']);
  expect(await screen.findByText('Somebody who may manage clusters has to import the first one.')).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: 'Import a cluster' })).toBeNull();
});

it('shows the problem of the API with its trace, and keeps the filters', async () => {
  open('/clusters?status=nonsense', (url) => (url.pathname === LIST ? problem(400, 'invalid-parameter', [{ parameter: 'status', detail: 'must be one of active' }]) : undefined));
  expect(await screen.findByText('status: must be one of active')).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Close Nonsense' })).toBeInTheDocument();
});

it('saves what is shown as a view, and comes back to it', async () => {
  const router = open('/clusters?health=degraded', thousand);
  await screen.findByRole('link', { name: 'edge-0' });
  await userEvent.click(screen.getByRole('button', { name: 'Saved views' }));
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Save or change views…' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText(/kept in this browser/)).toBeInTheDocument();
  await userEvent.type(within(dialog).getByLabelText('Save what the list shows now as'), 'On call{Enter}');
  expect(JSON.parse(localStorage.getItem('clustermaster.views') ?? '')).toEqual([{ name: 'On call', query: 'health=degraded' }]);
  await userEvent.click(within(dialog).getByRole('button', { name: 'Done' }));
  await act(() => router.navigate('/clusters'));
  await userEvent.click(await screen.findByRole('button', { name: 'Saved views' }));
  await userEvent.click(await screen.findByRole('menuitem', { name: 'On call' }));
  await waitFor(() => expect(where(router).get('health')).toBe('degraded'));
});

const one = (some: Parameters<typeof cluster>[0] = {}) => (url: URL) => {
  if (url.pathname === ONE) return Response.json(cluster(some));
  if (url.pathname === `${ONE}/health`) {
    return Response.json({ cluster_id: ID, status: 'healthy', last_checked: '2026-06-01T12:00:00Z', last_answered: null, issues: [], cluster_status: 'active' });
  }
  return undefined;
};

it('tells what is wrong with a cluster, by code, and remembers that it was looked at', async () => {
  open(`/clusters/${ID}`, one({ health: 'degraded', issues: [{ code: 'node-not-ready', object: 'node/a', message: 'the node is away' }] }));
  const issues = await screen.findByRole('table', { name: 'Issues' });
  expect(within(issues).getByText('The node is away.')).toBeInTheDocument();
  expect(within(issues).getByText('node-not-ready')).toBeInTheDocument();
  expect(await screen.findByText('Last looked at')).toBeInTheDocument();
  expect(localStorage.getItem('clustermaster.looked')).toBe(ID);
});

it('tells why an import failed and what to do, and is not taken for a look at health', async () => {
  open(`/clusters/${ID}`, one({ status: 'import_failed', health: 'unknown', failure: { code: 'connection-refused', message: 'nothing listens there' } }));
  expect(await screen.findByRole('heading', { name: /The import failed/ })).toBeInTheDocument();
  expect(screen.getByText(/whether this hub may reach its address/)).toBeInTheDocument();
  expect(localStorage.getItem('clustermaster.looked')).toBeNull();
});

it('shows how far an import has come', async () => {
  open(`/clusters/${ID}`, one({ status: 'importing', health: 'unknown' }));
  expect(await screen.findByRole('list', { name: 'It is being imported' })).toBeInTheDocument();
});

it('offers to change and to decommission to those who may, and now only', async () => {
  open(`/clusters/${ID}`, one());
  expect(await screen.findByRole('button', { name: 'Change' }, { timeout: 10_000 })).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Decommission' })).toBeInTheDocument();
});

it('says that nodes have no past instead of showing those of now', async () => {
  open(`/clusters/${ID}/nodes?as_of=12`, one());
  expect(await screen.findByRole('heading', { name: 'Nodes have no past' })).toBeInTheDocument();
  expect(askedFor(`${ONE}/nodes`)).toEqual([]);
  expect(askedFor(`${ONE}/health`)).toEqual([]);
});

it('shows workloads with their volumes', async () => {
  const workload = { kind: 'StatefulSet', namespace: 'data', name: 'db', replicas: 2, ready_replicas: 1, updated_replicas: 2, images: ['db:1'], volumes: [{ name: 'data-db-0', phase: 'Lost', capacity: '10Gi', storage_class: 'fast' }] };
  open(`/clusters/${ID}/workloads`, (url) => (url.pathname === `${ONE}/workloads` ? Response.json([workload]) : one()(url)));
  const table = await screen.findByRole('table', { name: 'Stateful workloads' });
  expect(within(table).getByText('1 of 2 ready')).toBeInTheDocument();
  expect(within(table).getByText('Lost')).toBeInTheDocument();
});

it('pages through a thousand nodes and finds one', async () => {
  const nodes = Array.from({ length: 1000 }, (_, n) => ({ name: `node-${n}`, ready: n !== 7, schedulable: true, kubelet_version: 'v1', roles: [], cpu: '4', memory: '16Gi' }));
  open(`/clusters/${ID}/nodes`, (url) => (url.pathname === `${ONE}/nodes` ? Response.json(nodes) : one()(url)));
  const table = await screen.findByRole('table', { name: 'Nodes' });
  expect(within(table).getAllByRole('row')).toHaveLength(101);
  fireEvent.change(screen.getByRole('textbox', { name: 'Search the nodes' }), { target: { value: 'node-999' } });
  expect(await screen.findByText('1 of 1,000')).toBeInTheDocument();
  expect(within(table).getByText('node-999')).toBeInTheDocument();
});

it('tells its history: who, what, why, before and after', async () => {
  const told = entry(12, { actor: 'user_7', outcome: 'failed', reason: 'moved', change_request: 'CHG-1', before: { region: 'a' }, after: { region: 'b' } });
  const router = open(`/clusters/${ID}/history?as_of=15`, (url) => (url.pathname === `${ONE}/history` ? listAnswer([told], 120, 'older') : one()(url)));
  const line = await screen.findByRole('article', { name: 'Cluster: health changed, position 12' });
  for (const text of ['user_7', 'Failed', 'event 12', 'CHG-1', 'moved']) expect(within(line).getByText(text)).toBeInTheDocument();
  expect(within(line).getByRole('table', { name: 'What changed at position 12' })).toHaveTextContent(/region.*a.*b/);
  expect(await within(line).findByRole('link', { name: 'Entry in the audit log at position 12' })).toHaveAttribute('href', `/audit/${told.id}`);
  expect(within(line).getByRole('link', { name: 'Compare with right before position 12' })).toHaveAttribute('href', `/clusters/${ID}/compare?from=11&to=12`);
  expect(screen.getByText('1 of 120')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  expect(where(router).get('cursor')).toBe('older');
  expect(where(router).get('as_of')).toBe('15');
});

it('says that a cluster was not there yet', async () => {
  open(`/clusters/${ID}?as_of=3`, (url) => (url.pathname === ONE && url.searchParams.has('as_of') ? problem(404, 'cluster-not-found') : one()(url)));
  expect(await screen.findByRole('heading', { name: 'It was not there yet' })).toBeInTheDocument();
});

it('goes from event to event', async () => {
  const router = open(`/clusters/${ID}?as_of=15`, (url) => (url.pathname === `${ONE}/history` ? listAnswer([entry(20), entry(15), entry(10)], 3) : one()(url)));
  expect(await screen.findByText('Right after: event 15')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Previous event' }));
  expect(where(router).get('as_of')).toBe('10');
  await userEvent.click(screen.getByRole('button', { name: 'Next event' }));
  await userEvent.click(screen.getByRole('button', { name: 'Next event' }));
  expect(where(router).get('as_of')).toBe('20');
  await userEvent.click(screen.getByRole('button', { name: 'To now' }));
  expect(where(router).get('as_of')).toBeNull();
});
