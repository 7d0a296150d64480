import { expect, it } from 'vitest';

import { cluster } from '../../kit/testing';
import { join, labelFault, split, toggled } from './filters';
import { told } from './parts/compare-cluster';
import { isAfter, momentOf, reversed, swapped, typed } from './span';
import { nameFault, queryOf, renamed, saved } from './views';

it('reads and writes values parted by commas', () => {
  expect(split('a,b,,a')).toEqual(['a', 'b']);
  expect(join([])).toBeUndefined();
  expect(toggled(['a'], 'a')).toEqual([]);
  expect(toggled(['a'], 'b')).toEqual(['a', 'b']);
});

it('knows a label', () => {
  for (const good of ['env', 'env=prod', 'app.kubernetes.io/name=x', 'env=']) expect(labelFault(good), good).toBeUndefined();
  for (const bad of ['', '=x', 'a=b=c', 'a,b', '-a', 'a=b c']) expect(labelFault(bad), bad).toBeDefined();
});

it('keeps of an address what a view is, in one order', () => {
  expect(queryOf('?status=active&q=x&cursor=abc')).toBe('q=x&status=active');
  expect(queryOf('?q=x&status=active')).toBe(queryOf('?status=active&q=x'));
});

it('saves and renames views under names of their own', () => {
  const views = saved(saved([], ' b ', '?q=1'), 'a', '?q=2');
  expect(views.map((view) => view.name)).toEqual(['a', 'b']);
  expect(nameFault(views, 'B')).toMatch(/has this name/);
  expect(nameFault(views, 'B', 'b')).toBeUndefined();
  expect(nameFault(views, '  ')).toMatch(/needs a name/);
  expect(renamed(views, 'a', 'z')).toEqual([{ name: 'b', query: 'q=1' }, { name: 'z', query: 'q=2' }]);
});

it('takes moments from the address and gives them back as they were', () => {
  for (const moment of ['12', '2026-06-01T12:00:00.123Z']) expect(momentOf(typed(moment), undefined)).toEqual({ moment });
  expect(momentOf(typed('0'), '0')).toEqual({ moment: '0' });
  expect(momentOf(typed(undefined), undefined)).toEqual({ moment: undefined });
  expect(momentOf({ kind: 'time', text: '' }, undefined)).toHaveProperty('fault');
  expect(momentOf({ kind: 'position', text: '-1' }, undefined)).toHaveProperty('fault');
});

it('swaps open ends for what they stand for', () => {
  expect(swapped({ from: '5', to: undefined }, Date.UTC(2026, 0, 1))).toEqual({ from: '2026-01-01T00:00:00.000Z', to: '5' });
});

it('tells the order of moments where that can be told', () => {
  expect(reversed('9', '10')).toBe(false);
  expect(reversed('10', '9')).toBe(true);
  expect(reversed('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).toBe(true);
  expect(reversed('10', '2026-01-01T00:00:00Z')).toBe(false);
  const event = { position: 9, recorded_at: '2026-01-01T00:00:00Z' };
  expect([isAfter(event, '8'), isAfter(event, '9'), isAfter(event, '2025-12-31T00:00:00Z')]).toEqual([true, false, true]);
});

it('takes another order of issues for no change', () => {
  const issues = [{ code: 'a', object: 'x', message: 'm' }, { code: 'b', object: 'y', message: 'n' }];
  expect(told(cluster({ issues }))).toEqual(told(cluster({ issues: [...issues].reverse() })));
});
