/** What the fleet's page asks of the API. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { api, body, fresh, page, type Schemas } from '../../api/client';

export type FleetView = Schemas['Fleet'];
export type HeatGroup = Schemas['HeatGroup'];
/** The grid, with what was asked for: the page may ask for something else by now. */
export type Heat = Schemas['HeatMap'] & { by: string; asOf: string | undefined };
export type HeatCell = Schemas['HeatCell'];

/** What was does not change: no event makes it old. */
const keyOf = (asOf: string | undefined, ...rest: string[]) => (asOf === undefined ? ['fleet', ...rest] : ['past', 'fleet', asOf, ...rest]);
const lasting = (asOf: string | undefined) => (asOf === undefined ? {} : { staleTime: Number.POSITIVE_INFINITY });

export function useFleet(asOf: string | undefined) {
  return useQuery({
    queryKey: keyOf(asOf, 'counts'),
    queryFn: ({ signal }) => body(api.GET('/api/v1/fleet', { params: { query: { ...fresh(), ...(asOf ? { as_of: asOf } : {}) } }, signal })),
    placeholderData: keepPreviousData,
    ...lasting(asOf),
  });
}

export function useHeat(by: string, asOf: string | undefined) {
  return useQuery<Heat>({
    queryKey: keyOf(asOf, 'heat', by),
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/fleet/heatmap', { params: { query: { group_by: by, ...fresh(), ...(asOf ? { as_of: asOf } : {}) } }, signal })).then((map) => ({
        ...map,
        by,
        asOf,
      })),
    enabled: by !== 'label:',
    placeholderData: keepPreviousData,
    ...lasting(asOf),
  });
}

/** When the first cluster came, whatever became of it: before that there is nothing to look at. */
export function useBeginning(enabled: boolean) {
  return useQuery({
    queryKey: ['clusters', 'beginning'],
    queryFn: ({ signal }) =>
      page(
        api.GET('/api/v1/clusters', {
          params: {
            query: { sort: 'created_at', limit: 1, status: ['importing', 'import_failed', 'active', 'updating', 'decommissioning', 'decommissioned'] },
          },
          signal,
        }),
      ),
    select: ({ rows }) => rows[0]?.created_at,
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Keys of labels to choose from: those of the clusters that changed last. */
export function useLabelKeys(enabled: boolean) {
  return useQuery({
    queryKey: ['clusters', 'label-keys'],
    queryFn: ({ signal }) => page(api.GET('/api/v1/clusters', { params: { query: { limit: 200 } }, signal })),
    select: ({ rows }) => [...new Set(rows.flatMap((cluster) => Object.keys(cluster.labels)))].sort(),
    enabled,
    staleTime: 60_000,
  });
}

/** The entry of the first import, if there was one. */
export function useFirstImport(enabled: boolean) {
  return useQuery({
    queryKey: ['audit-logs', 'first-import'],
    queryFn: ({ signal }) =>
      page(
        api.GET('/api/v1/audit-logs', {
          params: { query: { event_type: ['cluster.import_requested.v1'], outcome: ['succeeded'], sort: 'recorded_at', limit: 1, ...fresh() } },
          signal,
        }),
      ),
    select: ({ rows }) => rows[0] ?? null,
    enabled,
  });
}

/** How much of the ledger the newest checkpoint covers. */
export function useCovered(enabled: boolean) {
  return useQuery({
    queryKey: ['ledger', 'covered'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/ledger/head', { signal })),
    select: (head) => head.checkpoint?.size ?? 0,
    enabled,
    // A checkpoint is no event: nothing tells that there is one.
    refetchInterval: 5_000,
  });
}
