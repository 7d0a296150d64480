import { expect, it } from 'vitest';

import { newestFirst, versionChoices } from './versions';

it('sorts versions as versions', () => {
  expect(newestFirst({ 'v1.9.0': 1, 'v1.33.2': 2, 'v1.33.10-eks-1': 3 }).map(([version]) => version)).toEqual(['v1.33.10-eks-1', 'v1.33.2', 'v1.9.0']);
});

it('offers each minor version before its patches, each once', () => {
  expect(versionChoices(['v1.9.0', 'v1.33.2', 'v1.33.10-eks-1', '1.33', 'v1.33.2', 'nonsense'])).toEqual(['1.33', 'v1.33.10-eks-1', 'v1.33.2', '1.9', 'v1.9.0', 'nonsense']);
});
