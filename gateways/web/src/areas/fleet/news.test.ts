import { expect, it } from 'vitest';

import type { LiveEvent } from '../../api/live';
import { firstSentence, happenings, newer, reason } from './news';

it('tells the first sentence, and does not end it within a version or an address', () => {
  expect(firstSentence('The node is not ready. Its kubelet is silent.')).toBe('The node is not ready.');
  expect(firstSentence('v1.33.2 at 10.0.0.1 does not answer')).toBe('v1.33.2 at 10.0.0.1 does not answer');
});

it('says why a cluster needs somebody', () => {
  const issue = (object: string) => ({ code: 'node-not-ready', object, message: 'The node is not ready. Look at it.' });
  expect(reason({ failure: null, issues: [issue('node/a'), issue('node/b')], health: 'degraded', status: 'active' })).toEqual({ what: 'The node is not ready. (node/a)', more: 1 });
  const failure = { code: 'connection-refused', message: 'It refused.' };
  expect(reason({ failure, issues: [], health: 'unknown', status: 'import_failed' }).what).toBe('The import failed: It refused.');
  expect(reason({ failure, issues: [], health: 'healthy', status: 'active' }).what).toBe('The change of credentials failed: It refused.');
  expect(reason({ failure: null, issues: [], health: 'unreachable', status: 'active' })).toEqual({ what: 'It does not answer.', more: 0 });
});

const change = (position: number) => ({
  position,
  recorded_at: '2026-01-01T00:00:00Z',
  actor: 'system:observer',
  event_type: 'cluster.health_changed.v2',
  outcome: 'succeeded',
  summary: 's',
  cluster_id: 'cluster_1',
  cluster_name: 'then',
});
const event = (position: number, target_type = 'cluster') => ({ ...change(position), target_type, target_id: 'cluster_1' }) as unknown as LiveEvent;

it('joins what was asked for with what came since: clusters only, each once, the newest first', () => {
  const joined = happenings([change(5), change(2)], [event(7), event(6, 'user'), event(5)], () => 'now', 3);
  expect(joined.map(({ position, name }) => [position, name])).toEqual([
    [7, 'now'],
    [5, 'then'],
    [2, 'then'],
  ]);
  expect(happenings([change(1), change(2)], [], () => undefined, 1).map(({ position }) => position)).toEqual([2]);
  expect([...newer(joined, happenings([], [event(9), event(7)], () => undefined))]).toEqual([9]);
});
