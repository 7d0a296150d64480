/** Saved views: a name for what stands in the list's address. They are kept in this browser. */
import { useCallback, useMemo } from 'react';

import { keep, useKept } from '../../kit/kept';

export interface View {
  name: string;
  /** The query string, without `?` and without where in the pages one was. */
  query: string;
}

export const LONGEST_NAME = 60;
const MOST = 50;

/** What of an address a view keeps, in one order: two addresses that say the same are the same view. */
export function queryOf(search: string): string {
  const params = new URLSearchParams(search);
  params.delete('cursor');
  params.sort();
  return params.toString();
}

function parse(text: string | undefined): View[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept
      .filter((one): one is View => typeof one?.name === 'string' && typeof one.query === 'string')
      .map(({ name, query }) => ({ name, query }))
      .slice(0, MOST);
  } catch {
    return [];
  }
}

const same = (one: string, other: string) => one.trim().toLowerCase() === other.trim().toLowerCase();

/** The rule that a name breaks, if it breaks one. `but` is the view that is being renamed. */
export function nameFault(views: readonly View[], name: string, but?: string): string | undefined {
  if (!name.trim()) return 'A view needs a name.';
  if (name.trim().length > LONGEST_NAME) return `A name has at most ${LONGEST_NAME} characters.`;
  if (views.some((view) => same(view.name, name) && view.name !== but)) return 'Another view has this name.';
  if (but === undefined && views.length >= MOST) return `There is room for ${MOST} views: delete one first.`;
  return undefined;
}

export function saved(views: readonly View[], name: string, search: string): View[] {
  return [...views, { name: name.trim(), query: queryOf(search) }].sort((one, other) => one.name.localeCompare(other.name));
}

export function renamed(views: readonly View[], from: string, to: string): View[] {
  return views.map((view) => (view.name === from ? { ...view, name: to.trim() } : view)).sort((one, other) => one.name.localeCompare(other.name));
}

/** The views, and how to replace them; that answers whether the browser keeps them. */
export function useViews(): [readonly View[], (views: readonly View[]) => boolean] {
  const text = useKept('views');
  const views = useMemo(() => parse(text), [text]);
  const replace = useCallback((next: readonly View[]) => keep('views', JSON.stringify(next)), []);
  return [views, replace];
}
