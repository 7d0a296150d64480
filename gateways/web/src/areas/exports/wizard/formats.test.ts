// @vitest-environment node
import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { ABOUT } from './formats';

it.each(Object.entries(ABOUT))('shows %s as the hub writes it', (format, { example }) => {
  const file = `${format}.${['cef', 'leef'].includes(format) ? 'txt' : 'jsonl'}`;
  const written = readFileSync(new URL(`../../../../../siem/src/format/tests/examples/${file}`, import.meta.url), 'utf8');
  expect(written.split('\n')).toContain(example);
});
