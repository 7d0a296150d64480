import { act } from '@testing-library/react';
import { expect, it } from 'vitest';

import { useListState } from './list';
import { address, showHook } from './testing';

const list = (at: string) => showHook(() => useListState(['q', 'health'], { sort: 'name' }), at);

it('keeps both of two changes that come before the next rendering', () => {
  const state = list('/clusters?cursor=abc');
  act(() => {
    state.current.set({ q: 'prod' });
    state.current.set({ health: 'degraded' });
  });
  expect(address()).toBe('/clusters?q=prod&health=degraded');
  expect(state.current.filters).toEqual({ q: 'prod', health: 'degraded' });
});

it('goes on by the cursor and back by the way that it came', () => {
  const state = list('/clusters');
  act(() => state.current.next('two'));
  act(() => state.current.next('three'));
  expect(state.current.cursor).toBe('three');
  act(() => state.current.previous());
  expect(state.current.cursor).toBe('two');
  act(() => state.current.previous());
  expect(state.current.first).toBe(true);
});

it('takes no page size that it does not offer', () => {
  expect(list('/clusters?limit=100').current.limit).toBe(100);
  expect(list('/clusters?limit=7').current.limit).toBe(50);
});
