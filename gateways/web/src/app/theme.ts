/** Light, dark, or as the system says. The first paint is seen to by public/theme.js. */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'clustermaster.theme';
const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

function paint() {
  const chosen = theme();
  const dark = chosen === 'dark' || (chosen === 'system' && system.matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
  for (const listener of listeners) listener();
}

system.addEventListener('change', paint);

export function choose(next: Theme) {
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Then it holds for this page only.
  }
  paint();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}
