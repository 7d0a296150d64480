/** All that this area asks of the API. */
import { type QueryKey, useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { api, body, fresh, page, type Schemas } from '../../api/client';
import { type Filter, split, STATUSES } from './filters';

export type Cluster = Schemas['Cluster'];
export type Entry = Schemas['AuditLog'];
export type Kind = Schemas['DiffKind'];

/** How often is asked for what no event tells of. */
const LOOK = 15_000;
const LARGEST = 500;

export interface Listed {
  sort: string | undefined;
  limit: number;
  cursor: string | undefined;
  filters: Partial<Record<Filter, string>>;
  asOf: string | undefined;
}

const of = (asOf: string | undefined) => (asOf === undefined ? fresh() : { as_of: asOf });

/** What was shown stays while another page comes, but never under the banner of another moment. */
function sameMoment(asOf: string | undefined, place: number) {
  return <T>(before: T | undefined, query: { queryKey: QueryKey } | undefined): T | undefined =>
    query && query.queryKey[place] === asOf ? before : undefined;
}

/** Lists by commas in the address. An unknown value goes to the API, which names it. */
function listed<T extends string>(text: string | undefined): T[] | undefined {
  const values = split(text) as T[];
  return values.length > 0 ? values : undefined;
}

export function useClusters({ sort, limit, cursor, filters, asOf }: Listed) {
  return useQuery({
    queryKey: ['clusters', 'list', asOf, { sort, limit, cursor, filters }],
    queryFn: ({ signal }) =>
      page(
        api.GET('/api/v1/clusters', {
          params: {
            query: {
              limit,
              ...(sort ? { sort } : {}),
              ...(cursor ? { cursor } : {}),
              ...(filters.q ? { q: filters.q } : {}),
              status: listed<(typeof STATUSES)[number]>(filters.status),
              health: listed(filters.health),
              provider: listed(filters.provider),
              region: listed(filters.region),
              k8s_version: listed(filters.k8s_version),
              label: listed(filters.label),
              ...of(asOf),
            },
          },
          signal,
        }),
      ),
    placeholderData: sameMoment(asOf, 2),
  });
}

/** The moment before which there was no cluster; also one that is gone by now counts. */
export function useOldest() {
  return useQuery({
    queryKey: ['clusters', 'list', 'oldest'],
    queryFn: async ({ signal }) => {
      const { rows } = await page(api.GET('/api/v1/clusters', { params: { query: { sort: 'created_at', limit: 1, status: [...STATUSES] } }, signal }));
      return { oldest: rows[0]?.created_at };
    },
    staleTime: 600_000,
  });
}

/** The regions and versions that there are, for the filters; and when the fleet became as it is shown. */
export function useFleet(asOf: string | undefined) {
  return useQuery({
    queryKey: ['fleet', 'for clusters', asOf],
    queryFn: async ({ signal }) => {
      const fleet = await body(api.GET('/api/v1/fleet', { params: { query: of(asOf) }, signal }));
      const { by_region: regions, by_version: versions } = fleet.clusters;
      return { regions: Object.keys(regions).sort(), versions: Object.keys(versions), told: fleet.recent[0]?.recorded_at };
    },
  });
}

export function useCluster(id: string, asOf: string | undefined, enabled = true) {
  return useQuery({
    queryKey: ['clusters', id, 'one', asOf],
    queryFn: ({ signal }) => body(api.GET('/api/v1/clusters/{id}', { params: { path: { id }, query: of(asOf) }, signal })),
    enabled,
  });
}

export function useHealth(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ['clusters', id, 'health'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/clusters/{id}/health', { params: { path: { id }, query: fresh() }, signal })),
    refetchInterval: LOOK,
    enabled,
  });
}

export function useNodes(id: string) {
  return useQuery({
    queryKey: ['clusters', id, 'nodes'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/clusters/{id}/nodes', { params: { path: { id }, query: fresh() }, signal })),
    refetchInterval: 2 * LOOK,
  });
}

export function useWorkloads(id: string) {
  return useQuery({
    queryKey: ['clusters', id, 'workloads'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/clusters/{id}/workloads', { params: { path: { id }, query: fresh() }, signal })),
    refetchInterval: 2 * LOOK,
  });
}

function history(id: string, query: { limit: number; cursor?: string | undefined; asOf: string | undefined }, signal: AbortSignal) {
  const { limit, cursor, asOf } = query;
  return page(api.GET('/api/v1/clusters/{id}/history', { params: { path: { id }, query: { limit, ...(cursor ? { cursor } : {}), ...of(asOf) } }, signal }));
}

export function useHistory(id: string, state: { limit: number; cursor: string | undefined; asOf: string | undefined }) {
  return useQuery({
    queryKey: ['clusters', id, 'history', state.asOf, state],
    queryFn: ({ signal }) => history(id, state, signal),
    placeholderData: sameMoment(state.asOf, 3),
  });
}

/** The events of a cluster, the newest first, page by page: up to `asOf`, or all. */
export function useTrail(id: string, asOf?: string, enabled = true) {
  return useInfiniteQuery({
    queryKey: ['clusters', id, 'trail', asOf],
    queryFn: ({ signal, pageParam }) => history(id, { limit: LARGEST, cursor: pageParam, asOf }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    enabled,
  });
}

export interface Span {
  from: string | undefined;
  to: string | undefined;
}

export function useFleetDiff(span: Span, state: { limit: number; cursor: string | undefined; sort: string | undefined; change: string | undefined }) {
  return useQuery({
    queryKey: ['fleet', 'diff', `${span.from} ${span.to}`, state],
    queryFn: async ({ signal }) => {
      const { limit, cursor, sort } = state;
      const query = { limit, ...(cursor ? { cursor } : {}), ...(sort ? { sort } : {}), from: span.from, to: span.to, change: listed<Kind>(state.change), ...(span.to ? {} : fresh()) };
      const asked = api.GET('/api/v1/fleet/diff', { params: { query }, signal });
      const diff = await body(asked);
      return { ...(await page(asked)), rows: diff.clusters, diff };
    },
    placeholderData: sameMoment(`${span.from} ${span.to}`, 2),
    enabled: span.from !== undefined,
  });
}
