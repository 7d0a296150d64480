import { afterEach, expect, it, vi } from 'vitest';

import { keep, kept } from './kept';

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

it('keeps a value under the name of the interface, and forgets it', () => {
  expect(keep('looked', 'cluster_a')).toBe(true);
  expect(localStorage.getItem('clustermaster.looked')).toBe('cluster_a');
  expect(kept('looked')).toBe('cluster_a');
  expect(keep('looked', undefined)).toBe(true);
  expect(kept('looked')).toBeUndefined();
});

it('holds for the page where the browser keeps nothing, and says so', () => {
  const refuse = () => {
    throw new DOMException('no', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse, removeItem: refuse, clear: () => undefined });
  expect(keep('verifier-key', 'k')).toBe(false);
  expect(kept('verifier-key')).toBe('k');
  expect(keep('verifier-key', undefined)).toBe(false);
  expect(kept('verifier-key')).toBeUndefined();
});
