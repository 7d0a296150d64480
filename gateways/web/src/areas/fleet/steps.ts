/** The first three steps, and what ticks them off. */
import * as browser from '../../kit/kept';

/** What this browser remembers of them. */
export interface Kept {
  closed: boolean;
  /** Steps that were ticked off once stay so. */
  ticked: readonly number[];
}

export function kept(): Kept {
  try {
    const value = JSON.parse(browser.kept('first-steps') ?? '{}') as Partial<Kept>;
    return { closed: value.closed === true, ticked: Array.isArray(value.ticked) ? value.ticked : [] };
  } catch {
    return { closed: false, ticked: [] };
  }
}

export function keep(next: Kept) {
  browser.keep('first-steps', JSON.stringify(next));
}

export const visits = () => ({ looked: browser.kept('looked') ?? null, verified: browser.kept('verified') ?? null });

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
