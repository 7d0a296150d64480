/** The clusters and entries that were gone to from the palette, in this tab and by this user. */
const KEPT = 6;

export interface Target {
  to: string;
  title: string;
  about: string;
}

const key = (user: string) => `clustermaster.recent.${user}`;

export function recent(user: string): Target[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key(user)) ?? '[]');
    const fits = (one: Partial<Target> | null) => typeof one?.to === 'string' && one.to.startsWith('/') && typeof one.title === 'string' && typeof one.about === 'string';
    return Array.isArray(kept) ? kept.filter(fits).slice(0, KEPT) : [];
  } catch {
    return [];
  }
}

export function remember(user: string, target: Target) {
  const all = [target, ...recent(user).filter((one) => one.to !== target.to)].slice(0, KEPT);
  try {
    sessionStorage.setItem(key(user), JSON.stringify(all));
  } catch {
    // Then nothing is remembered.
  }
}
