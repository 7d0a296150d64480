import { expect, it } from 'vitest';

import { arranged, cellName, changed, grouping, groupTitle, mark, step } from './heat';
import type { HeatCell, HeatGroup } from './queries';

const cell = (id: string, health = 'healthy', status = 'active'): HeatCell => ({ id, name: `n-${id}`, health, status });
const group = (key: string | null, ...cells: HeatCell[]): HeatGroup => ({ key, by_health: {}, cells });
const ids = (groups: readonly HeatGroup[]) => groups.map((one) => [one.key, one.cells.map(({ id }) => id).join('')]);

it('groups by what the address says, else by provider', () => {
  expect([null, 'region', 'label:env', 'colour', ''].map(grouping)).toEqual(['provider', 'region', 'label:env', 'provider', 'provider']);
  expect(groupTitle('provider', 'on_premises')).toBe('On premises');
  expect(groupTitle('region', 'us-west-2')).toBe('us-west-2');
  expect(groupTitle('label:env', 'prod')).toBe('env=prod');
  expect(groupTitle('label:env', null)).toBe('Without the label env');
});

it('marks a failed import and never takes it for one that is merely not known', () => {
  expect(mark('unknown', 'import_failed')).toBe('failed');
  expect(mark('unknown', 'importing')).toBe('unknown');
  expect(mark('unreachable', 'import_failed')).toBe('unreachable');
  expect(mark('of another kind', 'active')).toBe('unknown');
});

it('names a cell by its cluster and its health, and by its status where it is no common one', () => {
  expect(cellName('prod', 'degraded', 'active')).toBe('prod: degraded');
  expect(cellName('prod', 'healthy', 'updating')).toBe('prod: healthy, updating');
  expect(cellName('prod', 'unknown', 'import_failed')).toBe('prod: import failed');
});

it('moves by the arrow keys and stays at the edges', () => {
  // Ten cells in rows of four.
  const moves = [
    ['ArrowRight', 0, 1],
    ['ArrowRight', 9, 9],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 1, 5],
    ['ArrowDown', 7, 7],
    ['ArrowUp', 5, 1],
    ['ArrowUp', 2, 2],
    ['Home', 6, 0],
    ['End', 2, 9],
    ['Enter', 2, undefined],
    ['Tab', 2, undefined],
  ] as const;
  for (const [key, from, to] of moves) expect([key, from, step(key, from, 10, 4)]).toEqual([key, from, to]);
});

it('knows what looks otherwise than before', () => {
  const before = [group('aws', cell('a'), cell('b'), cell('c'))];
  const after = [group('aws', cell('b', 'degraded'), cell('a'), cell('d')), group('gcp', cell('c', 'healthy', 'updating'))];
  expect([...changed(before, after)]).toEqual(['b', 'd']);
});

it('keeps the order under a hand, with new ones at the end', () => {
  const before = [group('aws', cell('a'), cell('b'), cell('c')), group('gcp', cell('x'))];
  const now = [group(null, cell('n')), group('gcp', cell('x', 'unreachable')), group('aws', cell('d', 'degraded'), cell('c', 'degraded'), cell('a'))];
  expect(ids(arranged(before, now))).toEqual([
    ['aws', 'acd'],
    ['gcp', 'x'],
    [null, 'n'],
  ]);
  expect(arranged(before, now)[1]?.cells[0]?.health).toBe('unreachable');
});
