import { act } from '@testing-library/react';
import { expect, it } from 'vitest';

import { useListState } from './list';
import { useMoment } from './past';
import { address, goTo, showHook } from './testing';

it('keeps both of two changes that come before the next rendering, of the moment and of whatever else stands in the address', () => {
  const page = showHook(() => ({ moment: useMoment(), list: useListState(['q', 'health']) }), '/clusters?cursor=abc&health=degraded');
  act(() => {
    page.current.list.set({ q: 'prod' });
    page.current.moment.set('7');
    page.current.list.set({ health: undefined });
  });
  expect(address()).toBe('/clusters?q=prod&as_of=7');
  expect(page.current.moment.asOf).toBe('7');
  act(() => {
    page.current.moment.set('8');
    page.current.moment.set(undefined);
  });
  expect(address()).toBe('/clusters?q=prod');
});

it('forgets a change that another page has overtaken', async () => {
  const page = showHook(useMoment, '/clusters?q=prod');
  act(() => page.current.set('7'));
  await goTo('/clusters?q=dev');
  act(() => page.current.set('8'));
  expect(address()).toBe('/clusters?q=dev&as_of=8');
});
