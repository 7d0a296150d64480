import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });
const SOON = { timeout: 20_000 };
const refused = () => Response.json({ type: '/problems/unauthorized', title: 'No', status: 401, code: 'unauthorized', detail: 'no' }, { status: 401 });

/** So many answers are lost before one comes. */
let lost: number;

beforeEach(() => {
  vi.resetModules();
  localStorage.setItem('clustermaster.session', 'open');
  vi.stubGlobal('fetch', () => (lost-- > 0 ? Promise.reject(new TypeError('cut')) : Promise.resolve(refused())));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
});

it.each([1, 2])('asks for the session again by itself when %i of its answers were lost', async (times) => {
  const { App } = await import('./app');
  lost = times;
  render(<App />);
  if (times > 1) expect(await screen.findByText('The hub does not answer', undefined, SOON)).toBeVisible();
  expect(await screen.findByRole('heading', { name: 'Sign in to ClusterMaster', level: 1 }, SOON)).toBeVisible();
  expect(lost).toBe(-1);
});
