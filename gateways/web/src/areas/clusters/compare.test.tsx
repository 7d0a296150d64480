import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import type { Schemas } from '../../api/client';
import { answer, asked, cluster, entry, fleet, ID, page, parameters, problem, show } from '../../kit/testing';
import Clusters from './page';
import { numbersOf } from './parts/compare-fleet';

const open = (address: string) => show(<Clusters />, address);
const state = (total: number, by_health: Record<string, number> = {}) => fleet({ clusters: { ...fleet().clusters, total, by_health } });

const DIFF: Schemas['FleetDiff'] = {
  before: state(3),
  after: state(4),
  changes: { came: 1, went: 0, changed: 400, returned: 0, passed: 0 },
  clusters: [
    { id: ID, name: 'payments', change: 'changed', members: { health: { from: 'healthy', to: 'degraded' } }, events: [{ ...entry(45), actor: 'user_7' }], events_total: 30 },
    { id: `${ID.slice(0, -1)}c`, name: 'fresh', change: 'came', members: { region: { from: null, to: 'eu' } }, events: [], events_total: 0 },
  ],
};
const diffs = () => asked('GET /api/v1/fleet/diff');

it('asks for nothing before two moments were chosen', async () => {
  open('/clusters/compare');
  expect(await screen.findByRole('heading', { name: 'Choose two moments' })).toBeInTheDocument();
  expect(diffs()).toEqual([]);
});

it('shows what became of the fleet, by kind and page', async () => {
  answer({ 'GET /api/v1/fleet/diff': page(DIFF, 401, 'two') });
  open('/clusters/compare?from=40&to=50');
  const changed = await screen.findByRole('article', { name: 'payments' });
  expect(within(changed).getByRole('table', { name: 'What differs in payments' })).toHaveTextContent(/health.*healthy.*degraded/);
  expect(within(changed).getByText('user_7')).toBeInTheDocument();
  expect(within(changed).getByRole('link', { name: 'All 30 events of payments' })).toHaveAttribute('href', `/clusters/${ID}/compare?from=40&to=50`);
  expect(within(screen.getByRole('article', { name: 'fresh' })).getByText('was not there')).toBeInTheDocument();
  expect(screen.getByText('2 of 401')).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Changed: 400' }));
  await waitFor(() => expect(diffs().at(-1)?.query.get('change')).toBe('changed'));
  await userEvent.click(screen.getByRole('button', { name: 'Next page' }));
  await waitFor(() => expect(diffs().at(-1)?.query.get('cursor')).toBe('two'));
  expect(parameters().get('from')).toBe('40');
});

it('puts the rule that a moment breaks beside its field, and swaps the two', async () => {
  answer({
    'GET /api/v1/fleet/diff': ({ query }) => (query.get('from') === '50' ? problem(400, 'invalid-parameter', { errors: [{ parameter: 'to', detail: 'must not lie before `from`' }] }) : DIFF),
  });
  open('/clusters/compare?from=50&to=40');
  expect(await screen.findByText('must not lie before `from`')).toBeInTheDocument();
  expect(screen.getByRole('textbox', { name: 'Later moment: ledger position' })).toHaveAccessibleDescription(/must not lie before/);
  await userEvent.click(screen.getByRole('button', { name: 'Swap the two' }));
  expect(await screen.findByRole('article', { name: 'payments' })).toBeInTheDocument();
  expect([parameters().get('from'), parameters().get('to')]).toEqual(['40', '50']);
});

it('takes what is typed, and refuses what is no position', async () => {
  answer({ 'GET /api/v1/fleet/diff': page(DIFF, 401, 'two') });
  open('/clusters/compare?from=40');
  const field = await screen.findByRole('textbox', { name: 'Earlier moment: ledger position' });
  await userEvent.clear(field);
  await userEvent.type(field, 'soon{Enter}');
  expect(screen.getByText('Write a ledger position: a whole number.')).toBeInTheDocument();
  await userEvent.clear(field);
  await userEvent.type(field, '12{Enter}');
  expect(parameters().get('from')).toBe('12');
});

it('compares one cluster with itself, and tells what happened in between', async () => {
  answer({
    'GET /api/v1/clusters/{id}/history': [entry(15), entry(13), entry(12)],
    'GET /api/v1/clusters/{id}': ({ query }) => cluster(query.get('as_of') === '12' ? { position: 12, region: 'old' } : { position: 15 }),
  });
  open(`/clusters/${ID}/compare?from=12&to=15`);
  expect(await screen.findByRole('table', { name: 'What differs' })).toHaveTextContent(/region.*old.*us-west-2/);
  expect(await screen.findByText('2 events, the newest first.')).toBeInTheDocument();
  expect(screen.getAllByRole('article').map((one) => one.getAttribute('aria-label'))).toEqual(['Cluster: health changed, position 15', 'Cluster: health changed, position 13']);
  expect(asked('GET /api/v1/clusters/{id}/history')[0]?.query.get('as_of')).toBe('15');
});

it('says that a cluster was not there at the earlier moment', async () => {
  answer({
    'GET /api/v1/clusters/{id}/history': [entry(20)],
    'GET /api/v1/clusters/{id}': ({ query }) => (query.has('as_of') ? problem(404, 'cluster-not-found') : cluster()),
  });
  open(`/clusters/${ID}/compare?from=0`);
  expect(await screen.findByText('At the earlier moment it was not there yet.')).toBeInTheDocument();
  expect(screen.getByRole('table', { name: 'What differs' })).toHaveTextContent(/name.*payments/);
});

it('names the field whose moment lies beyond the head or before the other', async () => {
  answer({
    'GET /api/v1/clusters/{id}': ({ query }) =>
      query.get('as_of') === '999' ? problem(400, 'invalid-parameter', { errors: [{ parameter: 'as_of', detail: 'must not lie beyond the head' }] }) : cluster(),
  });
  open(`/clusters/${ID}/compare?from=12&to=999`);
  expect(await screen.findByText('must not lie beyond the head')).toBeInTheDocument();
  expect(screen.getByRole('textbox', { name: 'Later moment: ledger position' })).toHaveAccessibleDescription(/beyond the head/);
});

it('counts totals always, and of groups what differs', () => {
  expect(numbersOf(state(3, { healthy: 3 }), state(3, { healthy: 2, degraded: 1 }))).toEqual([
    ['Clusters', 3, 3],
    ['Nodes', 0, 0],
    ['Nodes ready', 0, 0],
    ['Health: Degraded', 0, 1],
    ['Health: Healthy', 3, 2],
  ]);
});
