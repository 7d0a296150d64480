/** For tests: the area over a hub that is made of functions. */
import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { vi } from 'vitest';

import { queryClient } from '../../api/query';
import Clusters from './page';
import type { Cluster, Entry } from './queries';

export const ID = 'cluster_01jd8kz3f6e5t9m2v7q4x1r0ab';

export function cluster(some: Partial<Cluster> = {}): Cluster {
  return {
    id: ID,
    name: 'payments',
    provider: 'aws',
    region: 'us-west-2',
    status: 'active',
    health: 'healthy',
    k8s_version: 'v1.33.2',
    nodes: { total: 3, ready: 3 },
    labels: { env: 'prod' },
    issues: [],
    endpoint: 'https://203.0.113.7:6443',
    uid: 'uid-1',
    failure: null,
    revision: 2,
    created_at: '2026-06-01T12:00:00.250Z',
    created_by: 'user_1',
    updated_at: '2026-06-01T12:10:00Z',
    updated_by: 'system:observer',
    position: 20,
    ...some,
  };
}

export function entry(position: number, some: Partial<Entry> = {}): Entry {
  return {
    id: `00000000-0000-7000-8000-${String(position).padStart(12, '0')}`,
    position,
    sequence: position,
    recorded_at: new Date(Date.UTC(2026, 5, 1, 12, position)).toISOString(),
    actor: 'system:observer',
    action: 'cluster.observe',
    event_type: 'cluster.health_changed.v2',
    target_type: 'cluster',
    target_id: ID,
    revision: position,
    outcome: 'succeeded',
    reason: null,
    trace_id: null,
    caused_by: null,
    origin: null,
    request_id: null,
    change_request: null,
    summary: `event ${position}`,
    before: null,
    after: null,
    payload: {},
    leaf_hash: '0'.repeat(64),
    ...some,
  };
}

export function problem(status: number, code: string, errors: { parameter: string; detail: string }[] = []): Response {
  return Response.json({ type: `/problems/${code}`, title: `Problem ${code}`, status, code, detail: 'Refused.', errors }, { status });
}

export function listAnswer(rows: unknown, total: number, next?: string): Response {
  return Response.json(rows, { headers: { 'Total-Count': String(total), 'Ledger-Position': '99', ...(next ? { Link: `</api/v1/x?cursor=${next}>; rel="next"` } : {}) } });
}

const COUNTS = { total: 1, by_status: {}, by_health: {}, by_provider: {}, by_region: { 'us-west-2': 1 }, by_version: {} };
export const FLEET = { position: 99, clusters: COUNTS, nodes: { total: 0, ready: 0 }, attention: [], attention_total: 0, recent: [] };

/** What was asked for, path and query. */
export let asked: URL[] = [];

type Hub = (url: URL) => Response | undefined;

/** The area at an address. What the hub of the test does not answer, one with nothing in it does. */
export function open(address: string, hub: Hub, permissions = ['clusters:read', 'clusters:manage', 'audit:read']) {
  asked = [];
  vi.stubGlobal('fetch', (input: Request | string) => {
    const url = new URL(typeof input === 'string' ? input : input.url, 'http://localhost');
    if (url.pathname.endsWith('/auth/refresh')) {
      return Promise.resolve(Response.json({ access_token: 'token', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } }));
    }
    asked.push(url);
    const answer = hub(url);
    if (answer) return Promise.resolve(answer);
    if (url.pathname === '/api/v1/me') return Promise.resolve(Response.json({ id: 'user_1', email: 'a@b.example', display_name: 'A', roles: [], permissions }));
    if (url.pathname === '/api/v1/fleet') return Promise.resolve(Response.json(FLEET));
    if (url.pathname === '/api/v1/clusters') return Promise.resolve(listAnswer([], 0));
    return Promise.resolve(problem(404, 'cluster-not-found'));
  });
  const router = createMemoryRouter([{ path: '/clusters/*', element: <Clusters /> }, { path: '*', element: <p>elsewhere</p> }], { initialEntries: [address] });
  render(
    <QueryClientProvider client={queryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return router;
}

export const where = (router: ReturnType<typeof open>) => new URLSearchParams(router.state.location.search);
export const askedFor = (path: string) => asked.filter((url) => url.pathname === path);
