import { act, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter, useSearchParams } from 'react-router';
import { expect, it } from 'vitest';

import { useListState } from './list';

function list(address: string) {
  const wrapper = ({ children }: { children: ReactNode }) => <MemoryRouter initialEntries={[address]}>{children}</MemoryRouter>;
  return renderHook(() => ({ state: useListState(['q', 'health'], { sort: 'name' }), address: useSearchParams()[0].toString() }), { wrapper });
}

it('keeps both of two changes that come before the next rendering', () => {
  const { result } = list('/clusters?cursor=abc');
  act(() => {
    result.current.state.set({ q: 'prod' });
    result.current.state.set({ health: 'degraded' });
  });
  expect(result.current.address).toBe('q=prod&health=degraded');
  expect(result.current.state.filters).toEqual({ q: 'prod', health: 'degraded' });
});

it('goes on by the cursor and back by the way that it came', () => {
  const { result } = list('/clusters');
  act(() => result.current.state.next('two'));
  act(() => result.current.state.next('three'));
  expect(result.current.state.cursor).toBe('three');
  act(() => result.current.state.previous());
  expect(result.current.state.cursor).toBe('two');
  act(() => result.current.state.previous());
  expect(result.current.state.first).toBe(true);
});

it('takes no page size that it does not offer', () => {
  expect(list('/clusters?limit=100').result.current.state.limit).toBe(100);
  expect(list('/clusters?limit=7').result.current.state.limit).toBe(50);
});
