/** Light, dark, or as the system says. The first paint is seen to by public/theme.js. */
import { keep, kept, useKept } from '../kit/kept';

export type Theme = 'system' | 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');

const known = (chosen: string | undefined): Theme => (chosen === 'light' || chosen === 'dark' ? chosen : 'system');

function paint() {
  const chosen = known(kept('theme'));
  document.documentElement.classList.toggle('pf-v6-theme-dark', chosen === 'dark' || (chosen === 'system' && system.matches));
}

system.addEventListener('change', paint);
// Another tab of this browser chose one.
addEventListener('storage', paint);

export function choose(next: Theme) {
  keep('theme', next);
  paint();
}

export function useTheme(): Theme {
  return known(useKept('theme'));
}
