/** The first three steps, and what ticks them off. */

/** What this browser remembers of them. */
export interface Kept {
  closed: boolean;
  /** Steps that were ticked off once stay so. */
  ticked: readonly number[];
}

const KEY = 'clustermaster.first-steps';
/** Written by the page of a cluster: this browser opened one. */
const LOOKED = 'clustermaster.looked';
/** Written by the audit log: the id of the entry that this browser verified last. */
const VERIFIED = 'clustermaster.verified';

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function kept(): Kept {
  try {
    const value = JSON.parse(read(KEY) ?? '{}') as Partial<Kept>;
    return { closed: value.closed === true, ticked: Array.isArray(value.ticked) ? value.ticked : [] };
  } catch {
    return { closed: false, ticked: [] };
  }
}

export function keep(next: Kept) {
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Then it holds for this page only.
  }
}

export const visits = () => ({ looked: read(LOOKED), verified: read(VERIFIED) });

export interface Facts {
  /** The entry of the first import, or that there is none. */
  entry: { id: string; sequence: number } | null;
  /** Clusters of the fleet, by health. */
  byHealth: Record<string, number>;
  /** So many leaves are covered by the newest checkpoint. */
  covered: number;
  looked: string | null;
  verified: string | null;
}

export const isCovered = ({ entry, covered }: Pick<Facts, 'entry' | 'covered'>) => entry !== null && covered > entry.sequence;
export const wasSeen = (byHealth: Record<string, number>) => Object.entries(byHealth).some(([health, number]) => health !== 'unknown' && number > 0);

/** Which of the three are done, by what really happened. */
export function ticks(facts: Facts, before: readonly number[] = []): [boolean, boolean, boolean] {
  const imported = facts.entry !== null || Object.values(facts.byHealth).some((number) => number > 0);
  const looked = imported && wasSeen(facts.byHealth) && facts.looked !== null;
  const proved = isCovered(facts) && facts.verified === facts.entry?.id;
  return [imported || before.includes(1), looked || before.includes(2), proved || before.includes(3)];
}
