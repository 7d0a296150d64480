import { expect, it } from 'vitest';

import { ago, eventWord, word } from './words';

it('says codes in words', () => {
  expect(word('import_failed')).toBe('Import failed');
  expect(eventWord('cluster.health_changed.v2')).toBe('Cluster: health changed');
});

it('says how long ago', () => {
  const now = Date.UTC(2026, 0, 2);
  expect(ago(now - 3 * 3_600_000, now)).toMatch(/3 hours ago/);
  expect(ago(now - 86_400_000, now)).toMatch(/yesterday|1 day ago/);
});
