import { expect, it, vi } from 'vitest';

it('follows the system until a theme is chosen, also in another tab', async () => {
  const system = { matches: false, addEventListener: (_name: string, listener: () => void) => (changed = listener) };
  let changed: () => void = () => undefined;
  vi.stubGlobal('matchMedia', () => system);
  await import('./theme');
  const page = document.documentElement;
  system.matches = true;
  changed();
  expect(page).toHaveClass('pf-v6-theme-dark');
  localStorage.setItem('clustermaster.theme', 'light');
  dispatchEvent(new StorageEvent('storage'));
  expect(page).not.toHaveClass('pf-v6-theme-dark');
  vi.unstubAllGlobals();
  localStorage.clear();
});
