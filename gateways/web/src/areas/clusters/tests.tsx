import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import { answer, type Asked, asked, cluster, entry, fleet, goTo, ID, me, page, parameters, problem, show } from '../../kit/testing';
import Clusters from './page';

const open = (address: string) => show(<Clusters />, address);
/** Asked of the list itself: a page of one row is for its count, or its oldest. */
const ofList = ({ query }: Asked) => query.get('limit') !== '1';
const lists = () => asked('GET /api/v1/clusters').filter(ofList);

function thousand() {
  answer({
    'GET /api/v1/clusters': (one) => {
      if (!ofList(one)) return undefined;
      const first = one.query.get('cursor') === 'two' ? 10 : 0;
      const rows = Array.from({ length: 10 }, (_, row) => cluster({ id: ID.slice(0, -3) + String(first + row).padStart(3, '0'), name: `edge-${first + row}` }));
      return page(rows, 1000, first === 0 ? 'two' : undefined);
    },
  });
}

it('shows a page of a thousand clusters, and the next one', async () => {
  thousand();
  open('/clusters');
  expect(await screen.findByRole('link', { name: 'edge-0' })).toHaveAttribute('href', expect.stringMatching(/^\/clusters\/cluster_/));
  expect(screen.getByText('10 of 1,000')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  expect(await screen.findByRole('link', { name: 'edge-10' })).toBeInTheDocument();
  expect(parameters().get('cursor')).toBe('two');
  await userEvent.click(screen.getByRole('button', { name: 'Previous page' }));
  expect(await screen.findByRole('link', { name: 'edge-0' })).toBeInTheDocument();
});

it('asks for what its address says', async () => {
  thousand();
  open('/clusters?q=pay&status=active,updating&health=degraded&provider=aws&region=us-west-2&k8s_version=1.33,v1.32.1%2Brke2&label=env%3Dprod&sort=-updated_at&limit=20&as_of=7');
  await screen.findByRole('link', { name: 'edge-0' });
  expect(Object.fromEntries(lists()[0]?.query ?? [])).toEqual({
    q: 'pay', status: 'active,updating', health: 'degraded', provider: 'aws', region: 'us-west-2', k8s_version: '1.33,v1.32.1+rke2', label: 'env=prod', sort: '-updated_at', limit: '20', as_of: '7',
  });
  expect(screen.getByText(/as it was after ledger position 7/)).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'edge-0' })).toHaveAttribute('href', expect.stringContaining('as_of=7'));
});

it('searches once the keys rest, keeps the focus, and takes filters away by their chips', async () => {
  thousand();
  open('/clusters?status=active');
  await screen.findByRole('link', { name: 'edge-0' });
  const search = screen.getByRole('textbox', { name: 'Search by name, region or endpoint' });
  await userEvent.type(search, 'pay');
  await waitFor(() => expect(lists().at(-1)?.query.get('q')).toBe('pay'));
  expect(lists().map(({ query }) => query.get('q'))).not.toContain('p');
  expect(search).toHaveFocus();
  await userEvent.click(screen.getByRole('button', { name: 'Close Active' }));
  expect(parameters().get('status')).toBeNull();
  expect(parameters().get('q')).toBe('pay');
});

it('narrows by version: a minor one with all of its patches, or one as it is; each a chip and part of a view', async () => {
  const by_version = { 'v1.33.2': 5, 'v1.33.10-eks-1': 2, 'v1.9.0': 1 };
  thousand();
  answer({ 'GET /api/v1/fleet': fleet({ clusters: { ...fleet().clusters, by_version } }) });
  open('/clusters');
  await screen.findByRole('link', { name: 'edge-0' });
  await userEvent.click(screen.getByRole('button', { name: 'Filter by version' }));
  await screen.findByText('v1.9.0');
  const offered = within(screen.getByRole('menu')).getAllByRole('menuitem').map((item) => item.textContent);
  expect(offered).toEqual(['1.33, every patch', 'v1.33.10-eks-1', 'v1.33.2', '1.9, every patch', 'v1.9.0']);
  await userEvent.click(screen.getByRole('checkbox', { name: '1.33, every patch' }));
  await userEvent.click(screen.getByRole('checkbox', { name: 'v1.9.0' }));
  await waitFor(() => expect(lists().at(-1)?.query.get('k8s_version')).toBe('1.33,v1.9.0'));
  expect(parameters().get('k8s_version')).toBe('1.33,v1.9.0');
  await userEvent.keyboard('{Escape}');
  await userEvent.click(await screen.findByRole('button', { name: 'Close 1.33, every patch' }));
  expect(parameters().get('k8s_version')).toBe('v1.9.0');
});

it('leads from the version of a cluster to all of that version, at the same moment', async () => {
  answer({ 'GET /api/v1/clusters/{id}': cluster({ k8s_version: 'v1.33.2+rke2r1' }) });
  open(`/clusters/${ID}?as_of=15`);
  expect(await screen.findByRole('link', { name: 'Kubernetes v1.33.2+rke2r1' })).toHaveAttribute('href', '/clusters?k8s_version=v1.33.2%2Brke2r1&as_of=15');
});

it('follows its address where that changes by itself', async () => {
  thousand();
  open('/clusters?q=one');
  expect(await screen.findByDisplayValue('one')).toBeInTheDocument();
  await goTo('/clusters?q=two');
  expect(await screen.findByDisplayValue('two')).toBeInTheDocument();
});

it('adds a filter by label, and refuses what is no label', async () => {
  thousand();
  open('/clusters');
  const field = await screen.findByRole('textbox', { name: 'Label: key=value, or key' });
  await userEvent.type(field, 'env=a=b{Enter}');
  expect(screen.getByText('Write key=value, or key for any value.')).toBeInTheDocument();
  expect(parameters().get('label')).toBeNull();
  await userEvent.clear(field);
  await userEvent.type(field, 'env=prod{Enter}');
  expect(parameters().get('label')).toBe('env=prod');
});

it('says what to do when there is nothing, and does not offer it to those who may not', async () => {
  open('/clusters');
  expect(await screen.findByRole('heading', { name: 'No clusters yet' })).toBeInTheDocument();
  for (const link of await screen.findAllByRole('link', { name: 'Import a cluster' })) expect(link).toHaveAttribute('href', '/clusters/import');
});

it('hides the import from those who may only read', async () => {
  answer({ 'GET /api/v1/me': me({ permissions: ['clusters:read'] }) });
  open('/clusters');
  expect(await screen.findByText('Somebody who may manage clusters has to import the first one.')).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: 'Import a cluster' })).toBeNull();
});

it('shows the problem of the API with its trace, and keeps the filters', async () => {
  answer({ 'GET /api/v1/clusters': problem(400, 'invalid-parameter', { errors: [{ parameter: 'status', detail: 'must be one of active' }] }) });
  open('/clusters?status=nonsense');
  expect(await screen.findByText('status: must be one of active')).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Close Nonsense' })).toBeInTheDocument();
});

it('saves what is shown as a view, and comes back to it', async () => {
  thousand();
  open('/clusters?health=degraded');
  await screen.findByRole('link', { name: 'edge-0' });
  await userEvent.click(screen.getByRole('button', { name: 'Saved views' }));
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Save or change views…' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText(/kept in this browser/)).toBeInTheDocument();
  await userEvent.type(within(dialog).getByLabelText('Save what the list shows now as'), 'On call{Enter}');
  expect(JSON.parse(localStorage.getItem('clustermaster.views') ?? '')).toEqual([{ name: 'On call', query: 'health=degraded' }]);
  await userEvent.click(within(dialog).getByRole('button', { name: 'Done' }));
  await goTo('/clusters');
  await userEvent.click(await screen.findByRole('button', { name: 'Saved views' }));
  await userEvent.click(await screen.findByRole('menuitem', { name: 'On call' }));
  await waitFor(() => expect(parameters().get('health')).toBe('degraded'));
});

function one(some: Parameters<typeof cluster>[0] = {}) {
  answer({
    'GET /api/v1/clusters/{id}': cluster(some),
    'GET /api/v1/clusters/{id}/health': { cluster_id: ID, status: 'healthy', last_checked: '2026-06-01T12:00:00Z', last_answered: null, issues: [], cluster_status: 'active' },
  });
}

it('tells what is wrong with a cluster, by code, and remembers that it was looked at', async () => {
  one({ health: 'degraded', issues: [{ code: 'node-not-ready', object: 'node/a', message: 'the node is away' }] });
  open(`/clusters/${ID}`);
  const issues = await screen.findByRole('table', { name: 'Issues' });
  expect(within(issues).getByText('The node is away.')).toBeInTheDocument();
  expect(within(issues).getByText('node-not-ready')).toBeInTheDocument();
  expect(await screen.findByText('Last looked at')).toBeInTheDocument();
  expect(localStorage.getItem('clustermaster.looked')).toBe(ID);
});

it('tells why an import failed and what to do, and is not taken for a look at health', async () => {
  one({ status: 'import_failed', health: 'unknown', failure: { code: 'connection-refused', message: 'nothing listens there' } });
  open(`/clusters/${ID}`);
  expect(await screen.findByRole('heading', { name: /The import failed/ })).toBeInTheDocument();
  expect(screen.getByText(/whether this hub may reach its address/)).toBeInTheDocument();
  expect(localStorage.getItem('clustermaster.looked')).toBeNull();
});

it('shows how far an import has come', async () => {
  one({ status: 'importing', health: 'unknown' });
  open(`/clusters/${ID}`);
  expect(await screen.findByRole('list', { name: 'It is being imported' })).toBeInTheDocument();
});

it('offers to change and to decommission to those who may, and now only', async () => {
  one();
  open(`/clusters/${ID}`);
  expect(await screen.findByRole('button', { name: 'Change' }, { timeout: 10_000 })).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Decommission' })).toBeInTheDocument();
});

it('says that nodes have no past instead of showing those of now', async () => {
  one();
  open(`/clusters/${ID}/nodes?as_of=12`);
  expect(await screen.findByRole('heading', { name: 'Nodes have no past' })).toBeInTheDocument();
  expect(asked('GET /api/v1/clusters/{id}/nodes')).toEqual([]);
  expect(asked('GET /api/v1/clusters/{id}/health')).toEqual([]);
});

it('shows workloads with their volumes', async () => {
  const workload = { kind: 'StatefulSet', namespace: 'data', name: 'db', replicas: 2, ready_replicas: 1, updated_replicas: 2, images: ['db:1'], volumes: [{ name: 'data-db-0', phase: 'Lost', capacity: '10Gi', storage_class: 'fast' }] };
  one();
  answer({ 'GET /api/v1/clusters/{id}/workloads': [workload] });
  open(`/clusters/${ID}/workloads`);
  const table = await screen.findByRole('table', { name: 'Stateful workloads' });
  expect(within(table).getByText('1 of 2 ready')).toBeInTheDocument();
  expect(within(table).getByText('Lost')).toBeInTheDocument();
});

it('pages through a thousand nodes and finds one', async () => {
  const nodes = Array.from({ length: 1000 }, (_, n) => ({ name: `node-${n}`, ready: n !== 7, schedulable: true, kubelet_version: 'v1', roles: [], cpu: '4', memory: '16Gi' }));
  one();
  answer({ 'GET /api/v1/clusters/{id}/nodes': nodes });
  open(`/clusters/${ID}/nodes`);
  const table = await screen.findByRole('table', { name: 'Nodes' });
  expect(within(table).getAllByRole('row')).toHaveLength(101);
  fireEvent.change(screen.getByRole('textbox', { name: 'Search the nodes' }), { target: { value: 'node-999' } });
  expect(await screen.findByText('1 of 1,000 nodes')).toBeInTheDocument();
  expect(within(table).getByText('node-999')).toBeInTheDocument();
});

it('tells its history: who, what, why, before and after', async () => {
  const told = entry(12, { actor: 'user_7', outcome: 'failed', reason: 'moved', change_request: 'CHG-1', before: { region: 'a' }, after: { region: 'b' } });
  one();
  answer({ 'GET /api/v1/clusters/{id}/history': page([told], 120, 'older') });
  open(`/clusters/${ID}/history?as_of=15`);
  const line = await screen.findByRole('article', { name: 'Cluster: health changed, position 12' });
  for (const text of ['user_7', 'Failed', 'Event 12', 'CHG-1', 'moved']) expect(within(line).getByText(text)).toBeInTheDocument();
  expect(within(line).getByRole('table', { name: 'What changed at position 12' })).toHaveTextContent(/region.*a.*b/);
  expect(await within(line).findByRole('link', { name: 'Entry in the audit log at position 12' })).toHaveAttribute('href', `/audit/${told.id}`);
  expect(within(line).getByRole('link', { name: 'Compare with right before position 12' })).toHaveAttribute('href', `/clusters/${ID}/compare?from=11&to=12`);
  expect(screen.getByText('1 of 120')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  expect(parameters().get('cursor')).toBe('older');
  expect(parameters().get('as_of')).toBe('15');
});

it('says that a cluster was not there yet', async () => {
  one();
  answer({ 'GET /api/v1/clusters/{id}': ({ query }) => (query.has('as_of') ? problem(404, 'cluster-not-found') : undefined) });
  open(`/clusters/${ID}?as_of=3`);
  expect(await screen.findByRole('heading', { name: 'It was not there yet' })).toBeInTheDocument();
});

it('goes from event to event', async () => {
  one();
  answer({ 'GET /api/v1/clusters/{id}/history': [entry(20), entry(15), entry(10)] });
  open(`/clusters/${ID}?as_of=15`);
  expect(await screen.findByText('Right after: event 15')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Previous event' }));
  expect(parameters().get('as_of')).toBe('10');
  await userEvent.click(screen.getByRole('button', { name: 'Next event' }));
  await userEvent.click(screen.getByRole('button', { name: 'Next event' }));
  expect(parameters().get('as_of')).toBe('20');
  await userEvent.click(screen.getByRole('button', { name: 'To now' }));
  expect(parameters().get('as_of')).toBeNull();
});
