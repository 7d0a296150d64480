/** What happens to a cluster is seen as it happens: nobody reloads. */
import { describe, expect, test } from 'vitest';

import { kubernetesIsHere, room, settled } from './kit';

const here = kubernetesIsHere();
const hub = room();

describe.runIf(here)('a node that is lost', () => {
  test.each(['/clusters', '/fleet'])('shows on %s, and so does its return', async (path) => {
    const name = path === '/fleet' ? 'of-the-fleet' : 'of-the-list';
    await hub.bed.import(name, await hub.bed.kubernetes(name));
    const page = await hub.enter(path);
    const shows = (health: string) =>
      path === '/fleet'
        ? page.getByRole('link', { name: new RegExp(`^${name}.*${health}`, 'i') }).first()
        : page.getByRole('row', { name: new RegExp(name) }).getByText(health, { exact: true });
    await shows('Healthy').waitFor();
    await settled(page);
    await page.evaluate(() => Object.assign(globalThis, { untouched: true }));

    await hub.bed.order('node', { cluster: name, node: 'worker-1', ready: false });
    await shows('Degraded').waitFor();
    if (path === '/fleet') await page.getByRole('heading', { name: /needs? attention/ }).waitFor();
    await hub.bed.order('node', { cluster: name, node: 'worker-1', ready: true });
    await shows('Healthy').waitFor();
    await hub.bed.order('kubernetes_kill', { name });
    await shows('Unreachable').waitFor();
    expect(await page.evaluate(() => 'untouched' in globalThis)).toBe(true);
  });
});
