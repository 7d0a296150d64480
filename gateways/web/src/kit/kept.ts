/**
 * What this browser keeps for the person, under names that the areas share. Where it keeps nothing, it holds for this page.
 * (Whether there may be a session is asked by api/session.ts alone, which has to tell nothing from unreadable.)
 */
import { useCallback, useSyncExternalStore } from 'react';

export type Name =
  | 'theme'
  | 'views'
  | 'first-steps'
  | 'verifier-key'
  /** The cluster that was looked at last, its health known: written by its page, read by the first steps. */
  | 'looked'
  /** The entry that this browser verified last: written by the audit log, read by the first steps. */
  | 'verified';

const listeners = new Set<() => void>();
const here = new Map<Name, string>();

const key = (name: Name) => `clustermaster.${name}`;

export function kept(name: Name): string | undefined {
  try {
    return localStorage.getItem(key(name)) ?? undefined;
  } catch {
    return here.get(name);
  }
}

/** Keeps a value, or forgets it; answers whether that outlives the page. */
export function keep(name: Name, value: string | undefined): boolean {
  if (value === undefined) here.delete(name);
  else here.set(name, value);
  let lasts = true;
  try {
    if (value === undefined) localStorage.removeItem(key(name));
    else localStorage.setItem(key(name), value);
  } catch {
    lasts = false;
  }
  for (const listener of listeners) listener();
  return lasts;
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

export function useKept(name: Name): string | undefined {
  return useSyncExternalStore(
    subscribe,
    useCallback(() => kept(name), [name]),
  );
}
