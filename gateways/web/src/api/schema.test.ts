// @vitest-environment node
import { readFileSync } from 'node:fs';

import openapi, { astToString } from 'openapi-typescript';
import { expect, it } from 'vitest';

it('is what openapi-typescript makes of the document of today', async () => {
  const document = new URL('../../../http/openapi.json', import.meta.url);
  const made = astToString(await openapi(document));
  const kept = readFileSync(new URL('./schema.d.ts', import.meta.url), 'utf8');
  // What the command line writes above it is a comment.
  expect(kept.slice(kept.indexOf('export interface paths')), 'run `npm run api`').toBe(made.slice(made.indexOf('export interface paths')));
}, 30_000);
