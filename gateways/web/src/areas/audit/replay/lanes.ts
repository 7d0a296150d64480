/** How the entries of a period are laid out: lanes by target, places by time. */
import type { Entry } from '../queries';

export type Shown = Pick<Entry, 'id' | 'position' | 'recorded_at' | 'target_id' | 'target_type' | 'outcome' | 'event_type' | 'summary'>;

export interface Dot {
  index: number;
  lane: number;
  /** From 0 to 1. */
  place: number;
  outcome: string;
}

/** More lanes nobody can tell apart: the targets with the fewest entries share the last one. */
export const LANES = 12;

/** `evenly`: by order alone, for what happened in a burst. Otherwise by time, from the first entry to the last. */
export function layOut(entries: readonly Shown[], evenly: boolean): { lanes: string[]; dots: Dot[] } {
  const counts = new Map<string, number>();
  for (const { target_id } of entries) counts.set(target_id, (counts.get(target_id) ?? 0) + 1);
  const byCount = [...counts].sort(([, one], [, other]) => other - one).map(([target]) => target);
  const alone = new Set(byCount.length > LANES ? byCount.slice(0, LANES - 1) : byCount);
  // In the order in which they first appear.
  const lanes = [...counts.keys()].filter((target) => alone.has(target));
  const others = byCount.length - alone.size;
  const places = new Map(lanes.map((target, lane) => [target, lane]));
  if (others > 0) lanes.push(`${others.toLocaleString()} others`);
  const when = (index: number) => Date.parse(entries.at(index)?.recorded_at ?? '');
  const [start, end] = evenly ? [0, entries.length - 1] : [when(0), when(-1)];
  const dots = entries.map(({ target_id, recorded_at, outcome }, index) => ({
    index,
    lane: places.get(target_id) ?? lanes.length - 1,
    place: end > start ? ((evenly ? index : Date.parse(recorded_at)) - start) / (end - start) : 0,
    outcome,
  }));
  return { lanes, dots };
}

/** For each entry the position at which the fleet last changed: between two such positions it was the same, and is asked for once. */
export function fleetPositions(entries: readonly Shown[]): number[] {
  let last = entries[0]?.position ?? 0;
  return entries.map(({ position, event_type }) => (last = event_type.startsWith('cluster.') ? position : last));
}
