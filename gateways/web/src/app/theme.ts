/** Light, dark, or as the system says. The first paint is seen to by public/theme.js. */
import { useSyncExternalStore } from 'react';

import { keep, kept } from '../kit/kept';

export type Theme = 'system' | 'light' | 'dark';

const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const chosen = kept('theme');
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

function paint() {
  const chosen = theme();
  const dark = chosen === 'dark' || (chosen === 'system' && system.matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
  for (const listener of listeners) listener();
}

system.addEventListener('change', paint);

export function choose(next: Theme) {
  keep('theme', next);
  paint();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}
