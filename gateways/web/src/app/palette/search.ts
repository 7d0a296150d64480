/** Clusters and entries that fit a text. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { api, body, page } from '../../api/client';
import { asProblem } from '../../api/problem';
import { PROVIDERS, word } from '../../kit/words';
import type { Choice } from './actions';

/** Milliseconds of rest before the hub is asked. */
const REST = 200;
const SHORTEST = 2;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface Found {
  clusters: Choice[];
  entries: Choice[];
}

async function find(text: string, may: { clusters: boolean; entries: boolean }, signal: AbortSignal): Promise<Found> {
  const clusters = may.clusters ? page(api.GET('/api/v1/clusters', { params: { query: { q: text, limit: 8 } }, signal })).then((found) => found.rows) : [];
  const entry = may.entries && UUID.test(text) ? body(api.GET('/api/v1/audit-logs/{id}', { params: { path: { id: text.toLowerCase() } }, signal })).catch(none) : undefined;
  const [rows, one] = await Promise.all([clusters, entry]);
  return {
    clusters: rows.map((row) => ({
      id: row.id,
      title: row.name,
      about: [PROVIDERS[row.provider] ?? row.provider, row.region, word(row.status), row.health ? word(row.health) : undefined].filter(Boolean).join(' · '),
      to: `/clusters/${row.id}`,
      target: true,
    })),
    entries: one ? [{ id: one.id, title: one.summary, about: `${one.event_type} · position ${one.position}`, to: `/audit/at/${one.position}`, target: true }] : [],
  };
}

function none(cause: unknown): undefined {
  if (asProblem(cause).problem.status === 404) return undefined;
  throw cause;
}

/**
 * What was found for this very text, never for an older one: an asking that is overtaken is aborted, and while one rests or runs
 * there is nothing to show.
 */
export function useSearch(typed: string, may: { clusters: boolean; entries: boolean }): { found: Found | undefined; searching: boolean; failure: unknown } {
  const text = typed.trim();
  const [rested, setRested] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST);
    return () => clearTimeout(timer);
  }, [text]);
  const wanted = text.length >= SHORTEST && (may.clusters || may.entries);
  const query = useQuery({
    queryKey: ['clusters', 'search', rested, may],
    queryFn: ({ signal }) => find(rested, may, signal),
    enabled: wanted && rested === text,
    gcTime: 10_000,
  });
  if (!wanted) return { found: undefined, searching: false, failure: undefined };
  if (rested !== text) return { found: undefined, searching: true, failure: undefined };
  return { found: query.data, searching: query.isPending && !query.isError, failure: query.isError && !query.data ? query.error : undefined };
}
