import { beforeEach, expect, it } from 'vitest';

import { type Facts, keep, kept, ticks } from './steps';

const nothing: Facts = { entry: null, byHealth: {}, covered: 0, looked: null, verified: null };
const entry = { id: 'e1', sequence: 4 };

beforeEach(() => localStorage.clear());

it('ticks nothing off before anything happened', () => {
  expect(ticks(nothing)).toEqual([false, false, false]);
  expect(ticks({ ...nothing, looked: 'cluster_1', verified: 'e1' })).toEqual([false, false, false]);
});

it('ticks the import off by its entry or by its cluster', () => {
  expect(ticks({ ...nothing, entry })[0]).toBe(true);
  expect(ticks({ ...nothing, byHealth: { unknown: 1 } })[0]).toBe(true);
});

it('ticks the look off once the hub saw the cluster and the person its page', () => {
  expect(ticks({ ...nothing, entry, byHealth: { unknown: 1 }, looked: 'cluster_1' })[1]).toBe(false);
  expect(ticks({ ...nothing, entry, byHealth: { unreachable: 1 } })[1]).toBe(false);
  expect(ticks({ ...nothing, entry, byHealth: { unreachable: 1 }, looked: 'cluster_1' })[1]).toBe(true);
});

it('ticks the proof off once a checkpoint covers the import and this browser verified it', () => {
  const facts = { ...nothing, entry, verified: 'e1' };
  expect(ticks({ ...facts, covered: 4 })[2]).toBe(false);
  expect(ticks({ ...facts, covered: 5 })[2]).toBe(true);
  expect(ticks({ ...facts, covered: 5, verified: 'another' })[2]).toBe(false);
});

it('leaves ticked what was ticked', () => {
  expect(ticks(nothing, [1, 3])).toEqual([true, false, true]);
});

it('remembers, and takes what it cannot read for nothing', () => {
  expect(kept()).toEqual({ closed: false, ticked: [] });
  keep({ closed: true, ticked: [1] });
  expect(kept()).toEqual({ closed: true, ticked: [1] });
  localStorage.setItem('clustermaster.first-steps', '{');
  expect(kept()).toEqual({ closed: false, ticked: [] });
});
