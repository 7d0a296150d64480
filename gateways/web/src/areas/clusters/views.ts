/** Saved views: a name for what stands in the list's address. They are kept in this browser. */
import { useCallback, useSyncExternalStore } from 'react';

export interface View {
  name: string;
  /** The query string, without `?` and without where in the pages one was. */
  query: string;
}

export const KEY = 'clustermaster.views';
export const LONGEST_NAME = 60;
const MOST = 50;

const listeners = new Set<() => void>();

/** What of an address a view keeps, in one order: two addresses that say the same are the same view. */
export function queryOf(search: string): string {
  const params = new URLSearchParams(search);
  params.delete('cursor');
  params.sort();
  return params.toString();
}

function parse(text: string | null): View[] {
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

/** Held so that the same text is the same list. */
let cache: { text: string | null; views: View[] } = { text: null, views: [] };

function kept(): View[] {
  let text: string | null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    text = null;
  }
  if (text !== cache.text) cache = { text, views: parse(text) };
  return cache.views;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  // Another tab of this browser.
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

/** The views, and how to replace them; that answers whether the browser keeps them. */
export function useViews(): [readonly View[], (views: readonly View[]) => boolean] {
  const views = useSyncExternalStore(subscribe, kept);
  const keep = useCallback((next: readonly View[]) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      return false;
    }
    for (const listener of listeners) listener();
    return true;
  }, []);
  return [views, keep];
}
