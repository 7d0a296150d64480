/** What the audit area asks of the API. */
import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { api, body, fresh, page, type Schemas } from '../../api/client';
import { asProblem } from '../../api/problem';

export type Entry = Schemas['AuditLog'];

export const FILTERS = ['actor', 'action', 'event_type', 'target', 'outcome', 'from', 'to'] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

/** As the address has them, to be sent on: what is wrong with one is for the hub to say. */
function asked({ from, to, ...lists }: Filters) {
  const several = Object.entries(lists).map(([name, text]) => [name, text.split(',').map((one) => one.trim()).filter(Boolean)]);
  return { ...(Object.fromEntries(several) as { outcome?: Entry['outcome'][] & never[] }), ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

export function useEntries(state: { filters: Filters; sort: string | undefined; limit: number; cursor: string | undefined }, asOf: string | undefined) {
  const { filters, sort, limit, cursor } = state;
  const query = { ...asked(filters), sort, limit, cursor, as_of: asOf };
  return useQuery({
    queryKey: ['audit-logs', 'list', query],
    queryFn: ({ signal }) => page(api.GET('/api/v1/audit-logs', { params: { query: { ...query, ...fresh() } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useEntry(id: string | undefined) {
  return useQuery({
    queryKey: ['audit-logs', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/audit-logs/{id}', { params: { path: { id: id ?? '' }, query: fresh() }, signal })),
    enabled: id !== undefined,
    staleTime: Infinity,
  });
}

/** The tenant's newest entry at a ledger position or before it. */
export function useEntryAt(position: number) {
  return useQuery({
    queryKey: ['audit-logs', 'at', position],
    queryFn: ({ signal }) =>
      page(api.GET('/api/v1/audit-logs', { params: { query: { as_of: String(position), limit: 1, sort: '-recorded_at', min_position: position } }, signal })),
    enabled: Number.isSafeInteger(position) && position > 0,
  });
}

/** Entries that share something with one. */
export function useRelated(by: { caused_by: string[] } | { request_id: string[] } | undefined) {
  return useQuery({
    queryKey: ['audit-logs', 'related', by],
    queryFn: ({ signal }) => page(api.GET('/api/v1/audit-logs', { params: { query: { ...by, limit: RELATED, sort: 'recorded_at', ...fresh() } }, signal })),
    enabled: by !== undefined,
  });
}

export const RELATED = 20;

/** No checkpoint covers the entry yet: one will, within seconds. */
export const PENDING = 'proof-pending';

/**
 * The proof, as it came: it is verified and handed out to the byte. What a person verifies does not change under their eyes: no event makes it old,
 * they ask for it again themselves.
 */
export function proofOf(id: string) {
  return queryOptions({
    queryKey: ['proof', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/audit-logs/{id}/proof', { params: { path: { id }, query: fresh() }, parseAs: 'text', signal })),
    staleTime: Infinity,
    refetchOnReconnect: false,
    retry: (failures: number, cause: Error) => asProblem(cause).problem.code === PENDING || (asProblem(cause).passing && failures < 4),
    retryDelay: (failures: number, cause: Error) => 1000 * (asProblem(cause).retryAfter ?? Math.min(8, 0.5 * 2 ** failures)),
  });
}

export function useProof(id: string) {
  return useQuery(proofOf(id));
}

/** The notes by which one signing key gave way to another. */
export function useRotations() {
  return useQuery({
    queryKey: ['ledger', 'keys'],
    queryFn: ({ signal }) => page(api.GET('/api/v1/ledger/keys', { signal })),
    select: ({ rows }) => rows.flatMap(({ rotation }) => (rotation === null ? [] : [rotation])),
  });
}

/** Entries of a period, the oldest first, page after page. */
export const REPLAY_PAGE = 500;
export const REPLAY_MOST = 5_000;

export function usePeriod(from: string | undefined, to: string | undefined) {
  return useInfiniteQuery({
    queryKey: ['replay', from, to],
    queryFn: ({ signal, pageParam }) =>
      page(api.GET('/api/v1/audit-logs', { params: { query: { from, to, sort: 'recorded_at', limit: REPLAY_PAGE, cursor: pageParam, ...fresh() } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last, all) => (all.length * REPLAY_PAGE < REPLAY_MOST ? last.next : undefined),
    enabled: from !== undefined && to !== undefined,
    staleTime: Infinity,
  });
}

/** The fleet as it was after a ledger position. That never changes. */
export function useFleetAt(position: number | undefined) {
  return useQuery({
    queryKey: ['replay', 'fleet', position],
    queryFn: ({ signal }) => body(api.GET('/api/v1/fleet', { params: { query: { as_of: String(position) } }, signal })),
    enabled: position !== undefined,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}
