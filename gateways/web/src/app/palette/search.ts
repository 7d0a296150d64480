/** Clusters and entries that fit a text. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { api, body } from '../../api/client';
import { at, count, PROVIDERS, word } from '../../kit/words';
import type { Choice } from './actions';

/** Milliseconds of rest before the hub is asked. */
const REST = 200;
/** At most so many of a kind. */
const MOST = 8;

export interface Found {
  clusters: Choice[];
  entries: Choice[];
}

async function find(q: string, signal: AbortSignal): Promise<Found> {
  const { clusters, entries } = await body(api.GET('/api/v1/search', { params: { query: { q, limit: MOST } }, signal }));
  return {
    clusters: clusters.map((one) => ({
      id: one.id,
      title: one.name,
      about: [PROVIDERS[one.provider] ?? one.provider, one.region, word(one.status), word(one.health)].join(' · '),
      to: `/clusters/${one.id}`,
      target: true,
    })),
    entries: entries.map((one) => ({
      id: one.id,
      title: one.summary,
      about: `${one.event_type} · position ${count(one.position)} · ${at(one.recorded_at)}`,
      to: `/audit/at/${one.position}`,
      target: true,
    })),
  };
}

/**
 * What was found for this very text, never for an older one: an asking that is overtaken is aborted, and while one rests or runs
 * there is nothing to show.
 */
export function useSearch(typed: string, may: boolean): { found: Found | undefined; searching: boolean; failure: unknown } {
  const text = typed.trim();
  const [rested, setRested] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST);
    return () => clearTimeout(timer);
  }, [text]);
  const wanted = may && text !== '';
  const query = useQuery({
    queryKey: ['clusters', 'search', rested],
    queryFn: ({ signal }) => find(rested, signal),
    enabled: wanted && rested === text,
    gcTime: 10_000,
  });
  if (!wanted) return { found: undefined, searching: false, failure: undefined };
  if (rested !== text) return { found: undefined, searching: true, failure: undefined };
  return { found: query.data, searching: query.isPending && !query.isError, failure: query.isError && !query.data ? query.error : undefined };
}
