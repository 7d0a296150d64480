/** What this browser keeps for the person: the verifier key that they hold, and which entry they verified last. */
import { useSyncExternalStore } from 'react';

const KEY = 'clustermaster.verifier-key';
const VERIFIED = 'clustermaster.verified';
const listeners = new Set<() => void>();
/** Where the browser keeps nothing, it holds for this page. */
let here: string | undefined;

export function heldKey(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return here;
  }
}

export function holdKey(key: string | undefined) {
  here = key;
  try {
    if (key === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, key);
  } catch {
    // Then it holds for this page only.
  }
  for (const listener of listeners) listener();
}

export function useHeldKey(): string | undefined {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    addEventListener('storage', listener);
    return () => {
      listeners.delete(listener);
      removeEventListener('storage', listener);
    };
  }, heldKey);
}

export function rememberVerified(id: string) {
  try {
    localStorage.setItem(VERIFIED, id);
  } catch {
    // Then nobody asks for it.
  }
}
