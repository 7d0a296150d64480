/** All that the exports ask of the API. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { api, body, fresh, type Page, page, type Receipt, receipt, type Schemas } from '../../api/client';
import type { CommandHeaders } from '../../kit/command';

export type Export = Schemas['Export'];
export type Transport = Schemas['ExportTransport'];
export type Format = Schemas['ExportFormat'];
export type DeadLetter = Schemas['ExportDeadLetter'];
export type Summary = Schemas['ExportSummary'];

/** Delivery numbers are no events: they are asked for again, in milliseconds. */
const AGAIN = 5_000;
const STATUSES = ['active', 'paused', 'deleted'] as const;
export type Status = (typeof STATUSES)[number];

const moment = (asOf: string | undefined) => (asOf === undefined ? fresh() : { as_of: asOf });
/** Only of the present, and only while somebody looks: TanStack pauses it while the page is hidden. */
const again = (asOf: string | undefined) => (asOf === undefined ? AGAIN : (false as const));

export function useExports(asked: { status: string | undefined; name: string | undefined; sort: string | undefined; limit: number; cursor: string | undefined; asOf: string | undefined }) {
  const { status, name, sort, limit, cursor, asOf } = asked;
  const wanted = STATUSES.filter((one) => status?.split(',').includes(one));
  return useQuery({
    queryKey: ['exports', 'list', asked],
    queryFn: ({ signal }): Promise<Page<Export>> =>
      page(
        api.GET('/api/v1/exports', {
          params: {
            query: {
              limit,
              ...(wanted.length > 0 ? { status: wanted } : {}),
              ...(name ? { name } : {}),
              ...(sort ? { sort } : {}),
              ...(cursor ? { cursor } : {}),
              ...moment(asOf),
            },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: again(asOf),
  });
}

export function useExport(id: string, asOf: string | undefined) {
  return useQuery({
    queryKey: ['exports', id, { asOf }],
    queryFn: ({ signal }) => getExport(id, signal, asOf),
    refetchInterval: again(asOf),
  });
}

export function getExport(id: string, signal?: AbortSignal, asOf?: string): Promise<Export> {
  return body(api.GET('/api/v1/exports/{id}', { params: { path: { id }, query: moment(asOf) }, signal: signal ?? null }));
}

export function useDeadLetters(id: string, asked: { limit: number; cursor: string | undefined }, enabled: boolean) {
  const { limit, cursor } = asked;
  return useQuery({
    queryKey: ['exports', id, 'dead-letters', asked],
    queryFn: ({ signal }): Promise<Page<DeadLetter>> =>
      page(api.GET('/api/v1/exports/{id}/dead-letters', { params: { path: { id }, query: { limit, ...(cursor ? { cursor } : {}), ...fresh() } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN,
    enabled,
  });
}

/** What may be asked of an export that is there. */
export type Deed = { kind: 'pause' | 'resume' | 'retry' | 'delete' } | { kind: 'replay'; from: number };

type Params = { path: { id: string }; query?: { dry_run: boolean }; header?: CommandHeaders };

function send(deed: Deed, params: Params, signal?: AbortSignal) {
  const options = { params, signal: signal ?? null };
  switch (deed.kind) {
    case 'pause':
      return api.POST('/api/v1/exports/{id}/pause', options);
    case 'resume':
      return api.POST('/api/v1/exports/{id}/resume', options);
    case 'retry':
      return api.POST('/api/v1/exports/{id}/dead-letters/retry', options);
    case 'delete':
      return api.DELETE('/api/v1/exports/{id}', options);
    case 'replay':
      return api.POST('/api/v1/exports/{id}/replay', { ...options, body: { from: deed.from } });
  }
}

export async function order(id: string, deed: Deed, header: CommandHeaders): Promise<Receipt<Summary>> {
  const { body: said, position } = await receipt(send(deed, { path: { id }, header }));
  return { body: said as Summary, position };
}

/** The dry run; without a deed nothing is asked. */
export function usePlan(id: string, deed: Deed | undefined) {
  return useQuery({
    queryKey: ['exports', id, 'plan', deed],
    queryFn: async ({ signal }) => (deed ? ((await body(send(deed, { path: { id }, query: { dry_run: true } }, signal))) as Schemas['Plan']) : { dry_run: true, events: [] }),
    enabled: deed !== undefined,
    gcTime: 0,
  });
}

export async function planCreate(wanted: Schemas['CreateExport']): Promise<Schemas['Plan']> {
  return (await body(api.POST('/api/v1/exports', { params: { query: { dry_run: true } }, body: wanted }))) as Schemas['Plan'];
}

export async function create(wanted: Schemas['CreateExport'], header: CommandHeaders): Promise<Receipt<Summary>> {
  const { body: said, position } = await receipt(api.POST('/api/v1/exports', { params: { header }, body: wanted }));
  return { body: said as Summary, position };
}

export function test(id: string): Promise<Schemas['ExportTest']> {
  return body(api.POST('/api/v1/exports/{id}/test', { params: { path: { id } } }));
}

/** The first entry of the audit log that was recorded then or later. */
export function useEntryAt(time: Date | undefined) {
  const from = time?.toISOString();
  return useQuery({
    queryKey: ['audit-logs', 'first-from', from],
    queryFn: async ({ signal }) => {
      const found = await page(api.GET('/api/v1/audit-logs', { params: { query: { from: from ?? '', sort: 'recorded_at', limit: 1, ...fresh() } }, signal }));
      return found.rows[0] ?? null;
    },
    enabled: from !== undefined,
  });
}
