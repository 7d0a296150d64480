/** The network is cut in the middle of a command: of each that there is, each way. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { anExportTo, type Command, COMMANDS, type Scene } from './commands';
import { heading, room, settled, shell, signIn } from './kit';
import { FakeReceiver } from './receiver';

const hub = room();
let receiver: FakeReceiver;
beforeAll(async () => {
  receiver = await FakeReceiver.start();
});
// Also after a story that failed.
beforeEach(() => hub.bed.order('network_mend'));
afterAll(() => receiver?.stop());

const SENT_AGAIN = 'No answer came: it is being sent again';
const HOUR = 3600_000;

/** The keys of what goes out with this request line, one each time. */
function keysOf(page: Page, line: string): (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (`${request.method()} ${request.url()}` === line.replace(' ', ` ${new URL(hub.bed.url).origin}`)) keys.push(request.headers()['idempotency-key']);
  });
  return keys;
}

/** A page whose clock the story sets. */
async function enterByClock(path: string): Promise<Page> {
  const page = await hub.open();
  await page.clock.install();
  await page.goto(`${hub.bed.url}${path}`);
  await signIn(page, hub.bed);
  return page;
}

let serial = 0;
async function begin(command: Command, enter: (path: string) => Promise<Page> = hub.enter): Promise<Scene> {
  const name = `cut-${++serial}`;
  const id = (await command.subject?.({ bed: hub.bed, receiver, name })) ?? '';
  const page = await enter(command.path(id));
  const scene = { page, bed: hub.bed, receiver, name, id, reason: `Typed for ${name}` };
  await command.lead(scene);
  return scene;
}

/** The toast leads to the one event, which bears what was typed. */
async function recordedOnce({ page, name, reason, id }: Scene, command: Command, before: number): Promise<void> {
  const toast = page.getByRole('listitem').filter({ hasText: command.toast(name) });
  const link = await toast.getByRole('link', { name: 'See the recorded event' }).getAttribute('href');
  await command.ends({ page, name, reason, id, bed: hub.bed, receiver });
  const position = Number(/\/audit\/at\/(\d+)$/.exec(link ?? '')?.[1]);
  const [entry] = await hub.bed.api<{ event_type: string; position: number; reason: string; target_id: string }[]>(`audit-logs?limit=1&as_of=${position}&min_position=${position}`);
  expect(entry).toMatchObject({ event_type: command.event, position, reason });
  if (id) expect(entry?.target_id).toBe(id);
  expect(await hub.bed.recorded(command.event)).toBe(before + 1);
}

const one = (keys: (string | undefined)[]) => {
  expect(keys.length).toBeGreaterThan(1);
  expect(keys[0]).toBeTruthy();
  expect(new Set(keys).size).toBe(1);
};

test.each(COMMANDS)('$title: the answer is lost after the hub recorded it', async (command) => {
  const scene = await begin(command);
  const before = await hub.bed.recorded(command.event);
  const line = command.request(scene.id);
  const keys = keysOf(scene.page, line);
  await hub.bed.order('network_cut_after', { mark: `${line} HTTP/1.1` });
  await scene.page.getByRole('button', { name: command.button, exact: true }).click();
  await scene.page.getByText(SENT_AGAIN).waitFor();
  await hub.bed.order('network_mend');
  await recordedOnce(scene, command, before);
  one(keys);
});

test.each(COMMANDS)('$title: it is cut off before the hub hears of it', async (command) => {
  const scene = await begin(command);
  const before = await hub.bed.recorded(command.event);
  const keys = keysOf(scene.page, command.request(scene.id));
  await hub.bed.order('network_cut');
  await scene.page.getByRole('button', { name: command.button, exact: true }).click();
  await scene.page.getByText(SENT_AGAIN).waitFor();
  await hub.bed.order('network_mend');
  await recordedOnce(scene, command, before);
  one(keys);
});

test('what stays cut off says that nobody knows, and is the same command when its button is pressed again', async () => {
  const command = COMMANDS.find(({ title }) => title === 'replay from a position') as Command;
  const scene = await begin(command, enterByClock);
  const { page, id } = scene;
  const before = await hub.bed.recorded(command.event);
  const line = command.request(id);
  const keys = keysOf(page, line);
  await hub.bed.order('network_cut_after', { mark: `${line} HTTP/1.1` });
  const button = page.getByRole('button', { name: command.button, exact: true });
  await button.click();
  await page.getByText(SENT_AGAIN).waitFor();
  // Half a minute goes by.
  const given = page.getByText('It is not known whether it was recorded');
  await expect.poll(() => page.clock.runFor(4_000).then(() => given.isVisible()), { timeout: 60_000 }).toBe(true);
  await page.getByText(/It was sent 8 times/).waitFor();
  await page.getByText(/Press the button again: it goes out under the same key/).waitFor();
  expect(await page.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe(scene.reason);
  expect(await page.getByRole('textbox', { name: 'Ledger position' }).inputValue()).toBe('2');

  // Meanwhile the page sees the export as it has become: it is no other command for that.
  await hub.bed.order('network_mend');
  await expect.poll(() => page.clock.runFor(2_000).then(() => page.getByText('Live', { exact: true }).count()), { timeout: 60_000 }).toBe(1);
  await button.click();
  await recordedOnce(scene, command, before);
  expect(keys.length).toBe(9);
  one(keys);
});

test('the test message of an export is sent again', async () => {
  const id = await anExportTo(hub.bed, receiver.export('cut-test'));
  const page = await hub.enter(`/exports/${id}`);
  await settled(page);
  for (const order of ['network_cut_after', 'network_cut']) {
    await hub.bed.order(order, order === 'network_cut' ? {} : { mark: `POST /api/v1/exports/${id}/test HTTP/1.1` });
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText(SENT_AGAIN).waitFor();
    await hub.bed.order('network_mend');
    await page.getByText('The test message arrived').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
});

test('signing in is sent again, and what was typed is not lost', async () => {
  for (const order of ['network_cut_after', 'network_cut']) {
    const page = await hub.open();
    await page.goto(`${hub.bed.url}/settings`);
    await page.getByLabel('Password').waitFor();
    await hub.bed.order(order, order === 'network_cut' ? {} : { mark: 'POST /api/v1/auth/login HTTP/1.1' });
    await signIn(page, hub.bed);
    await page.getByText(SENT_AGAIN).waitFor();
    expect(await page.getByLabel('E-mail address').inputValue()).toBe(hub.bed.email);
    expect(await page.getByLabel('Password').inputValue()).toBe(hub.bed.password);
    await hub.bed.order('network_mend');
    await heading(page, 'Settings').waitFor();
    await page.context().close();
  }
});

test('signing out is sent again, and recorded once', async () => {
  for (const order of ['network_cut_after', 'network_cut']) {
    const page = await hub.enter('/settings');
    await settled(page);
    const before = await hub.bed.recorded('user.signed_out.v1');
    await hub.bed.order(order, order === 'network_cut' ? {} : { mark: 'POST /api/v1/auth/logout HTTP/1.1' });
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByText('Signing out: no answer came, it is being sent again').waitFor();
    expect(await shell(page).count()).toBe(1);
    await hub.bed.order('network_mend');
    await heading(page, 'Sign in to ClusterMaster').waitFor();
    await expect.poll(() => hub.bed.recorded('user.signed_out.v1'), { timeout: 20_000 }).toBe(before + 1);
    await page.context().close();
  }
});

/** A page whose access token has ended in the middle of a pause. */
async function ended(): Promise<{ scene: Scene; command: Command; keys: (string | undefined)[]; before: number }> {
  const command = COMMANDS.find(({ title }) => title === 'pause') as Command;
  const scene = await begin(command, enterByClock);
  return { scene, command, keys: keysOf(scene.page, command.request(scene.id)), before: await hub.bed.recorded(command.event) };
}

test('a session that has to be prolonged for a command is prolonged as soon as the hub is there', async () => {
  const { scene, command, keys, before } = await ended();
  await hub.bed.order('network_cut');
  await scene.page.clock.setSystemTime(Date.now() + HOUR);
  await scene.page.getByRole('button', { name: command.button, exact: true }).click();
  await scene.page.getByText(SENT_AGAIN).waitFor();
  await hub.bed.order('network_mend');
  await recordedOnce(scene, command, before);
  expect(keys).toHaveLength(1);
});

test('a session whose prolonging got no answer goes on, and so does the command', async () => {
  const { scene, command, keys, before } = await ended();
  const { page, bed } = scene;
  const signedIn = await bed.recorded('user.signed_in.v1');
  const refused = await bed.recorded('user.sign_in_refused.v1');
  const asked = keysOf(page, 'POST /api/v1/auth/refresh');
  await bed.order('network_cut_after', { mark: 'POST /api/v1/auth/refresh HTTP/1.1' });
  await page.clock.setSystemTime(Date.now() + HOUR);
  await page.getByRole('button', { name: command.button, exact: true }).click();
  await page.getByText(SENT_AGAIN).waitFor();
  await bed.order('network_mend');
  // The cookie is shown again: nothing that it was exchanged for was used.
  await recordedOnce(scene, command, before);
  expect(asked.length).toBeGreaterThan(1);
  expect(keys).toHaveLength(1);
  expect(await page.getByRole('dialog', { name: 'Your session has ended' }).count()).toBe(0);
  expect(await bed.recorded('user.signed_in.v1')).toBe(signedIn);
  expect(await bed.recorded('user.sign_in_refused.v1')).toBe(refused);
  // What came of it serves as well.
  await page.reload();
  await settled(page);
  expect(await shell(page).count()).toBe(1);
});

test('a page that was cut off says so, keeps what it shows, and goes on by itself', async () => {
  const page = await hub.enter('/audit');
  await settled(page);
  await page.getByText('Live', { exact: true }).waitFor();
  const rows = await page.getByRole('row').count();
  expect(rows).toBeGreaterThan(1);
  await hub.bed.order('network_cut');
  await page.getByText(/^Reconnecting since /).waitFor();
  expect(await page.getByRole('row').count()).toBe(rows);
  await hub.bed.order('network_mend');
  await page.getByText('Live', { exact: true }).waitFor();
});
