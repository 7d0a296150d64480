import { expect, it } from 'vitest';

import { changes } from './diff';

it('names members that came, went and changed', () => {
  expect(changes({ a: 1, labels: { env: 'dev', tier: 'x' } }, { a: 1, labels: { env: 'prod' }, b: null })).toEqual([
    { member: 'labels.env', kind: 'changed', before: 'dev', after: 'prod' },
    { member: 'labels.tier', kind: 'removed', before: 'x', after: undefined },
    { member: 'b', kind: 'added', before: undefined, after: null },
  ]);
});

it('takes a value that is no object for one without a name', () => {
  expect(changes('a', 'b')).toEqual([{ member: '', kind: 'changed', before: 'a', after: 'b' }]);
  expect(changes(null, null)).toEqual([]);
});
