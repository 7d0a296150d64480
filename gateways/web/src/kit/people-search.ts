/** Whom a text can mean: accounts by name, e-mail address or id, and the hub by its words. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';

import { api, page } from '../api/client';
import { useMay } from '../app/me';
import { HUB, MINUTES, shortId } from './people';

interface Suggestion {
  actor: string;
  title: string;
  about: string;
}

const plain = (text: string) => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** How well something fits: 0 where every word of what was typed begins a word of its name, 1 where the whole stands somewhere in its address or id. */
function rank(typed: string, name: string, whole: readonly string[]): number | undefined {
  const asked = plain(typed).trim();
  const known = plain(name).split(/[\s,()]+/);
  if (asked.split(/\s+/).every((part) => known.some((word) => word.startsWith(part)))) return 0;
  return whole.some((one) => plain(one).includes(asked)) ? 1 : undefined;
}

/** Accounts a page, and pages at most: names are sealed in the database, so that no list can be searched by them there. */
const PEOPLE_PAGE = 200;
const PAGES = 5;
/** Suggestions at most. */
const MOST = 8;

/** Accounts are gone through from whoever signed in last, a page more while none fits. */
export function useSuggestions(typed: string, options: { hub: boolean; enabled?: boolean }) {
  const may = useMay('users:read');
  const text = typed.trim();
  const wanted = may && text !== '' && options.enabled !== false;
  const query = useInfiniteQuery({
    queryKey: ['people', 'all'],
    queryFn: ({ signal, pageParam }) =>
      page(api.GET('/api/v1/users', { params: { query: { status: ['active', 'disabled'], sort: '-last_signed_in_at', limit: PEOPLE_PAGE, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last, all) => (all.length < PAGES ? last.next : undefined),
    enabled: wanted,
    staleTime: 5 * MINUTES,
  });
  const pages = wanted ? query.data?.pages : undefined;
  const hub = options.hub && text !== '';
  const { people, found } = useMemo(() => {
    const known: (Suggestion & { whole: string[] })[] = [
      ...(pages ?? []).flatMap(({ rows }) => rows).map(({ id, display_name: name, email }) => ({ actor: id, title: name ?? shortId(id), about: email ?? id, whole: [email ?? '', id] })),
      ...(hub ? Object.entries(HUB) : []).map(([actor, title]) => ({ actor, title, about: actor, whole: [actor] })),
    ];
    const fitting = known.flatMap((one) => {
      const by = rank(text, one.title, one.whole);
      return by === undefined ? [] : [{ ...one, by }];
    });
    const best = [...fitting].sort((one, other) => one.by - other.by).slice(0, MOST);
    return { people: fitting.filter(({ actor }) => !(actor in HUB)).length, found: best.map(({ actor, title, about }): Suggestion => ({ actor, title, about })) };
  }, [pages, hub, text]);
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  const further = wanted && people === 0 && hasNextPage && !isFetching && !isError;
  useEffect(() => {
    if (further) void fetchNextPage();
  }, [further, fetchNextPage]);
  const last = query.data?.pages.at(-1);
  return {
    found,
    searching: wanted && (further || (isFetching && people === 0)),
    failure: wanted && isError ? query.error : undefined,
    /** So many accounts were gone through, and there are others. */
    beyond: wanted && !hasNextPage && last?.next !== undefined ? PEOPLE_PAGE * PAGES : undefined,
    may,
  };
}
