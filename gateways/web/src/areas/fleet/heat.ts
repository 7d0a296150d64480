/** The grid's rules: what a cell looks like, how the arrow keys move, what came anew. */
import { PROVIDERS, word } from '../../kit/words';
import type { HeatCell, HeatGroup } from './queries';

export type Mark = 'unreachable' | 'degraded' | 'failed' | 'unknown' | 'healthy';

export const MARKS: Record<Mark, string> = {
  unreachable: 'Unreachable',
  degraded: 'Degraded',
  failed: 'Import failed',
  unknown: 'Not known yet',
  healthy: 'Healthy',
};

/** `provider`, `region` or `label:KEY`, whatever stands in the address. */
export function grouping(text: string | null): string {
  return text === 'region' || text?.startsWith('label:') ? text : 'provider';
}

export function groupTitle(by: string, key: string | null): string {
  if (by.startsWith('label:')) return key === null ? `Without the label ${by.slice(6)}` : `${by.slice(6)}=${key}`;
  if (key === null) return 'Without one';
  return by === 'provider' ? (PROVIDERS[key] ?? word(key)) : key;
}

export function mark(health: string, status: string): Mark {
  if (health === 'unreachable' || health === 'degraded') return health;
  if (status === 'import_failed') return 'failed';
  return health === 'healthy' ? 'healthy' : 'unknown';
}

export function cellName(name: string, health: string, status: string): string {
  const kind = mark(health, status);
  const state = status === 'active' || kind === 'failed' ? '' : `, ${word(status).toLowerCase()}`;
  return `${name}: ${MARKS[kind].toLowerCase()}${state}`;
}

/** Where a key leads from a cell; `undefined` where it is none of ours. */
export function step(key: string, index: number, length: number, columns: number): number | undefined {
  const to = (wanted: number) => (wanted >= 0 && wanted < length ? wanted : index);
  switch (key) {
    case 'ArrowRight':
      return to(index + 1);
    case 'ArrowLeft':
      return to(index - 1);
    case 'ArrowDown':
      return to(index + columns);
    case 'ArrowUp':
      return to(index - columns);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return undefined;
  }
}

const look = (cell: HeatCell) => mark(cell.health, cell.status);

/** The cells that look otherwise than before, or were not there. */
export function changed(before: readonly HeatGroup[], after: readonly HeatGroup[]): ReadonlySet<string> {
  const was = new Map(before.flatMap((group) => group.cells.map((cell) => [cell.id, look(cell)])));
  return new Set(after.flatMap((group) => group.cells.filter((cell) => was.get(cell.id) !== look(cell)).map((cell) => cell.id)));
}

/** What is now, in the order of before: nothing moves away from under a hand. What came anew stands at the end. */
export function arranged(before: readonly HeatGroup[], now: readonly HeatGroup[]): HeatGroup[] {
  const groups = new Map(before.map((group, place) => [group.key, { place, cells: new Map(group.cells.map((cell, at) => [cell.id, at])) }]));
  const end = Number.MAX_SAFE_INTEGER;
  return now
    .map((group) => {
      const kept = groups.get(group.key);
      if (!kept) return group;
      const at = (cell: HeatCell) => kept.cells.get(cell.id) ?? end;
      return { ...group, cells: group.cells.toSorted((one, other) => at(one) - at(other)) };
    })
    .toSorted((one, other) => (groups.get(one.key)?.place ?? end) - (groups.get(other.key)?.place ?? end));
}
