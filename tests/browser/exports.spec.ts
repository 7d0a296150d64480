/** An export to a file: created by the wizard, tested, and written to. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { heading, room, settled } from './kit';
import { next, NOBODY } from './wizard';

const hub = room();

test('the wizard creates an export and sends a test message; events follow', async () => {
  const page = await hub.enter('/exports');
  await settled(page);
  await page.getByRole('link', { name: /create/i }).first().click();
  await heading(page, 'Create an export').waitFor();
  await next(page);
  // It leads to what is missing.
  expect(await page.getByRole('textbox', { name: /^Name\b(?! in)/ }).evaluate((field) => field === document.activeElement)).toBe(true);
  await page.getByRole('textbox', { name: /^Name\b(?! in)/ }).fill('to-a-file');
  await page.getByRole('radio', { name: 'File', exact: true }).check();
  await page.getByRole('textbox', { name: 'File name' }).fill('audit');
  await next(page);
  await page.getByRole('heading', { level: 2, name: 'What', exact: true }).waitFor();
  await page.getByRole('radio', { name: 'ECS' }).check();
  await next(page);
  await page.getByText('export.created.v1').waitFor();
  await next(page, 'Create the export');
  await page.getByText('The test message arrived').waitFor();

  await hub.bed.import('exported', NOBODY);
  const written = () => {
    const tenants = existsSync(hub.bed.exports) ? readdirSync(hub.bed.exports) : [];
    return tenants.flatMap((tenant) => readdirSync(join(hub.bed.exports, tenant)).map((name) => readFileSync(join(hub.bed.exports, tenant, name), 'utf8'))).join('\n');
  };
  await expect.poll(written, { timeout: 20_000 }).toContain('cluster.import_requested');
  await page.getByRole('link', { name: 'Go to the export' }).click();
  await heading(page, 'to-a-file').waitFor();
  await settled(page);
  expect(await hub.bed.recorded('export.created.v1')).toBe(1);
});
