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

/** Whether every word of what was typed begins a word of one of these, or the whole stands somewhere in an address or id. */
function fits(typed: string, words: string, whole: readonly string[]): boolean {
  const asked = plain(typed).trim();
  const known = plain(words).split(/[\s,()]+/);
  return asked.split(/\s+/).every((part) => known.some((word) => word.startsWith(part))) || whole.some((one) => plain(one).includes(asked));
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
    const fitting = (pages ?? []).flatMap(({ rows }) => rows).filter((one) => fits(text, one.display_name ?? '', [one.email ?? '', one.id]));
    const all: Suggestion[] = [
      ...fitting.map(({ id, display_name: name, email }) => ({ actor: id, title: name ?? shortId(id), about: email ?? id })),
      ...Object.entries(HUB)
        .filter(([actor, words]) => hub && fits(text, words, [actor]))
        .map(([actor, title]) => ({ actor, title, about: actor })),
    ];
    return { people: fitting.length, found: all.slice(0, MOST) };
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
