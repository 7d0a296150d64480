// @vitest-environment node
import { expect, it } from 'vitest';

import { evidence } from './evidence';
import { engine } from './verify/engine';
import { made } from './verify/fixture';
import { verify } from './verify/verify';

it('holds the entry, the proof and the way to check it, and lets nothing of them become markup', async () => {
  const { entry, proof, hub } = await made();
  const text = JSON.stringify(proof);
  const evil = { ...entry, reason: '</td><script>alert(1)</script>', summary: '<img src=x onerror="x">' };
  const report = await verify(await engine(), { text, entry: evil, held: hub.verifier });
  const page = evidence(evil, report, text, new Date(0));
  expect(page).not.toMatch(/<script|<img/i);
  expect(page).toContain('&lt;script&gt;');
  expect(page).toContain('Not proven');
  expect(page).toContain('Reason');
  expect(page).toContain(`clustermaster-audit check clustermaster-proof-2-${entry.id}.json --key hub.key`);
  expect(page).toContain(`verify.py proof clustermaster-proof-2-${entry.id}.json --key hub.key`);
  // What a reader copies out of the page is the proof, to the byte.
  const shown = page.slice(page.lastIndexOf('<pre>') + 5, page.lastIndexOf('</pre>'));
  expect(shown.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(text);
  expect(page).not.toMatch(/<[^>]*\s(?:src|href|on\w+)=/);
});
