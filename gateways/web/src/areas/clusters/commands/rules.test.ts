import { expect, it } from 'vitest';

import { labelKeyRule, labelRow, labelRules, labelsOf, labelValueRule, nameRule, regionRule, suggest } from './rules';

it('names are DNS labels', () => {
  for (const good of ['a', 'prod-1', '0', 'a'.repeat(63)]) expect(nameRule(good), good).toBeUndefined();
  for (const bad of ['', 'A', 'a_b', '-a', 'a-', 'a.b', 'a'.repeat(64), 'ä']) expect(nameRule(bad), bad).toBeDefined();
});

it('regions are what the API takes', () => {
  for (const good of ['us-west-2', 'Site_7.b', '-']) expect(regionRule(good), good).toBeUndefined();
  for (const bad of ['', 'a b', 'x'.repeat(64)]) expect(regionRule(bad), bad).toBeDefined();
});

it('keys of labels follow Kubernetes', () => {
  for (const good of ['env', 'a.b_c-D', 'example.com/env', `${'a'.repeat(63)}.b/${'c'.repeat(63)}`, '1'])
    expect(labelKeyRule(good), good).toBeUndefined();
  for (const bad of [
    '',
    '/env',
    'a/',
    'a/b/c',
    'Example.com/env',
    'a..b/c',
    '-env',
    'env-',
    'e nv',
    'a'.repeat(64),
    `${'a.'.repeat(127)}a/b`,
  ])
    expect(labelKeyRule(bad), bad).toBeDefined();
});

it('values of labels follow Kubernetes, and may be empty', () => {
  for (const good of ['', 'Prod', 'a_b.c-d', 'a'.repeat(63)]) expect(labelValueRule(good), good).toBeUndefined();
  for (const bad of ['-a', 'a-', 'a/b', 'a b', 'a'.repeat(64)]) expect(labelValueRule(bad), bad).toBeDefined();
});

it('rows are judged one by one, and empty ones left out', () => {
  const rows = [labelRow('env', 'prod'), labelRow(), labelRow('env', '!'), labelRow('', 'value')];
  const rules = labelRules(rows);
  expect([...rules.keys()]).toEqual([rows[2]?.id, rows[3]?.id]);
  expect(rules.get(rows[2]?.id ?? 0)).toMatchObject({ key: expect.stringMatching(/twice/), value: expect.any(String) });
  expect(labelsOf(rows.slice(0, 2))).toEqual({ env: 'prod' });
});

it('suggests what clouds say in their names', () => {
  expect(suggest('arn:aws:eks:us-west-2:1234:cluster/Prod_EKS', '')).toEqual({ name: 'prod-eks', provider: 'aws', region: 'us-west-2' });
  expect(suggest('gke_my-project_europe-west1-b_prod', '')).toEqual({ name: 'prod', provider: 'gcp', region: 'europe-west1-b' });
  expect(suggest('prod', 'https://prod-dns-1a2b.hcp.westeurope.azmk8s.io:443')).toEqual({
    name: 'prod',
    provider: 'azure',
    region: 'westeurope',
  });
  expect(suggest('x', 'https://ABC.gr7.eu-central-1.eks.amazonaws.com')).toEqual({ name: 'x', provider: 'aws', region: 'eu-central-1' });
  expect(suggest('kubernetes-admin@Zürich 1', 'https://10.0.0.1:6443')).toEqual({ name: 'zurich-1' });
});

it('suggests nothing that breaks the rule', () => {
  for (const context of ['-'.repeat(80), 'a'.repeat(62) + '--b', '日本', `${'-'.repeat(5)}${'x'.repeat(99)}-`]) {
    const { name } = suggest(context, 'nonsense');
    expect(name === '' || nameRule(name) === undefined, `${context} → ${name}`).toBe(true);
  }
});
