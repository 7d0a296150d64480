import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';

import { account, address, answer, asked, entry, fleet, ID, me, page, parameters, PERMISSIONS, problem, show } from '../../kit/testing';
import { heldKey, holdKey } from './keeping';
import Audit from './page';
import type { Entry } from './queries';
import { type Made, made, signer } from './verify/fixture';

beforeEach(() => holdKey(undefined));

const open = (path: string) => show(<Audit />, path);
const LOGS = 'GET /api/v1/audit-logs';
const ONE = 'GET /api/v1/audit-logs/{id}';
const PERIOD = '/audit/replay?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z';
const among = (...entries: Entry[]) => ({ [ONE]: ({ id }: { id: string }) => entries.find((one) => one.id === id) });
const provable = ({ entry: one, proof }: Pick<Made, 'entry' | 'proof'>) => answer({ ...among(one), 'GET /api/v1/audit-logs/{id}/proof': proof as never });

it('takes the filters from the address, sends them on, and puts new ones there', async () => {
  answer({ [LOGS]: [entry(1)] });
  open('/audit?actor=system:observer,user_x&outcome=failed,refused&as_of=7&sort=recorded_at');
  await screen.findByText('event 1');
  expect(Object.fromEntries(asked(LOGS)[0]?.query ?? [])).toEqual({ actor: 'system:observer,user_x', outcome: 'failed,refused', as_of: '7', sort: 'recorded_at', limit: '50' });
  const chosen = within(screen.getByRole('list', { name: 'Chosen' }));
  expect(chosen.getAllByRole('listitem').map((one) => one.textContent)).toEqual(['The hub, observing clusters', 'user_x']);
  expect(screen.getByText(/after ledger position 7/)).toBeVisible();
  expect(screen.getByRole('link', { name: ID })).toHaveAttribute('href', `/clusters/${ID}`);
  await userEvent.click(screen.getByLabelText('Target'));
  await userEvent.paste('cluster_a');
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(parameters().get('target')).toBe('cluster_a'));
  expect(parameters().get('as_of')).toBe('7');
  await userEvent.selectOptions(screen.getByLabelText('Outcome'), 'refused');
  await waitFor(() => expect(asked(LOGS).at(-1)?.query.get('outcome')).toBe('refused'));
  expect(asked(LOGS).at(-1)?.query.get('target')).toBe('cluster_a');
  expect(screen.getByLabelText('Outcome')).toHaveFocus();
  await userEvent.selectOptions(screen.getByLabelText('Period'), '24');
  await waitFor(() => expect(Date.now() - Date.parse(asked(LOGS).at(-1)?.query.get('from') ?? '')).toBeGreaterThan(86_000_000));
});

it('filters by a name: the address keeps the id, and the chip says the name', async () => {
  const ada = 'user_01m8fjyn4bextr2n9x56000ada';
  const they = account({ id: ada, display_name: 'Ada Lovelace', email: 'ada@b.example' });
  answer({
    'GET /api/v1/me': me({ permissions: [...PERMISSIONS, 'users:read'] }),
    [LOGS]: [entry(1, { actor: ada })],
    'GET /api/v1/users': [they],
    'GET /api/v1/users/{id}': they,
  });
  open('/audit?as_of=7');
  expect(await screen.findByRole('button', { name: 'Ada Lovelace' })).toHaveAttribute('title', ada);
  await userEvent.type(screen.getByRole('combobox', { name: 'Who' }), 'ada@');
  await userEvent.click(await screen.findByRole('option', { name: /Ada Lovelace/ }));
  await waitFor(() => expect(address()).toBe(`/audit?as_of=7&actor=${ada}`));
  await waitFor(() => expect(asked(LOGS).at(-1)?.query.get('actor')).toBe(ada));
  await userEvent.click(await screen.findByRole('button', { name: 'Take away Ada Lovelace' }));
  await waitFor(() => expect(address()).toBe('/audit?as_of=7'));
  expect(asked('GET /api/v1/users/{id}')).toHaveLength(1);
});

it('shows what the hub finds wrong with a filter beside it', async () => {
  answer({ [LOGS]: problem(400, 'invalid-parameter', { errors: [{ parameter: 'outcome', detail: 'must be one of three' }] }) });
  open('/audit?outcome=bad');
  await waitFor(() => expect(screen.getByLabelText('Outcome')).toHaveAccessibleDescription(/must be one of three/));
  expect(screen.getByLabelText('Outcome')).toHaveValue('bad');
});

it('goes on from a position to its entry, and says so where none of the tenant stands there', async () => {
  const one = entry(5);
  answer({ ...among(one), [LOGS]: ({ query }) => (query.has('as_of') ? [one] : undefined) });
  const { unmount } = open('/audit/at/5');
  await screen.findByRole('heading', { level: 1, name: 'Cluster: health changed' });
  expect(address()).toBe(`/audit/${one.id}`);
  expect(Object.fromEntries(asked(LOGS)[0]?.query ?? [])).toMatchObject({ as_of: '5', min_position: '5' });
  unmount();
  open('/audit/at/6');
  await screen.findByText(/No entry of your tenant stands at position 6/);
  expect(screen.getByRole('link', { name: /newest entry before/ })).toHaveAttribute('href', `/audit/${one.id}`);
});

it('takes nothing but a whole number for a position, and knows where the ledger ends', async () => {
  answer({ [LOGS]: problem(400, 'invalid-parameter', { errors: [{ parameter: 'min_position', detail: 'beyond' }] }) });
  const { unmount } = open('/audit/at/0x5');
  expect(screen.getByText('This is no ledger position')).toBeVisible();
  expect(asked(LOGS)).toEqual([]);
  unmount();
  open('/audit/at/99');
  await screen.findByText(/does not reach position 99/);
});

it('tells of an entry who, from where, what, why, its cause and its effects', async () => {
  const [cause, effect, sibling] = [entry(1, { summary: 'the cause' }), entry(3, { summary: 'the effect' }), entry(4, { summary: 'the sibling' })];
  const one = entry(2, {
    reason: 'because',
    change_request: 'CHG-1',
    caused_by: cause.id,
    request_id: 'req-1',
    trace_id: 'trace-1',
    origin: { ip: '192.0.2.7', user_agent: 'curl' },
    before: { labels: { env: 'dev' } },
    after: { labels: { env: 'prod' } },
  });
  answer({
    ...among(one, cause),
    [LOGS]: ({ query }) => (query.get('caused_by') === one.id ? [effect] : query.get('request_id') === 'req-1' ? [one, sibling] : undefined),
  });
  open(`/audit/${one.id}`);
  for (const text of ['because', 'CHG-1', 'req-1', 'trace-1', '192.0.2.7', 'dev', 'prod']) expect(await screen.findByText(text)).toBeVisible();
  const chain = await screen.findByRole('heading', { name: 'Effects' });
  const parts = within(chain.closest('ol') as HTMLElement).getAllByRole('listitem').filter((item) => item.className.includes('cm-audit-link'));
  await waitFor(() => expect(within(parts[0] as HTMLElement).getByRole('link')).toHaveAttribute('href', `/audit/${cause.id}`));
  expect(parts[1]).toHaveAttribute('aria-current', 'true');
  await waitFor(() => expect(within(parts[2] as HTMLElement).getByRole('link')).toHaveAttribute('href', `/audit/${effect.id}`));
  expect(await screen.findByText(/the sibling/)).toBeVisible();
});

it('verifies in the browser, by the hub’s word and by a key that is held, and remembers it', async () => {
  const { entry: one, proof, hub: key } = await made();
  provable({ entry: one, proof });
  open(`/audit/${one.id}/verify`);
  expect(await screen.findByText('Proven, by the hub’s own word for its key')).toBeVisible();
  expect(localStorage.getItem('clustermaster.verified')).toBe(one.id);
  expect(screen.getByRole('button', { name: /Climb the tree: round 1 of 3: holds/ })).toBeVisible();
  const field = screen.getByLabelText('A verifier key that you hold');
  await userEvent.click(field);
  await userEvent.paste(`${key.verifier}x`);
  await userEvent.click(screen.getByRole('button', { name: 'Verify with this key' }));
  await waitFor(() => expect(field).toHaveAccessibleDescription(/base64/));
  expect(heldKey()).toBeUndefined();
  await userEvent.clear(field);
  await userEvent.click(field);
  await userEvent.paste(key.verifier);
  await userEvent.click(screen.getByRole('button', { name: 'Verify with this key' }));
  expect(await screen.findByText('Proven by the key that you hold')).toBeVisible();
  expect(localStorage.getItem('clustermaster.verifier-key')).toBe(key.verifier);
  expect(screen.getByRole('heading', { name: 'Whose key' })).toHaveFocus();
});

it('says which step fails when the proof was altered, or the key is another', async () => {
  const { entry: one, proof } = await made();
  provable({ entry: one, proof: { ...proof, payload: btoa('{"nodes":4}') } });
  const { unmount } = open(`/audit/${one.id}/verify`);
  const verdict = await screen.findByText('Not proven: “Hash the body of the event” fails');
  expect(verdict.closest('[aria-live]')).toHaveAttribute('aria-live', 'polite');
  expect(screen.getByText('This step fails.')).toBeVisible();
  expect(localStorage.getItem('clustermaster.verified')).toBeNull();
  unmount();
  provable({ entry: one, proof });
  holdKey((await signer(4)).verifier);
  open(`/audit/${one.id}/verify`);
  expect(await screen.findByText('Not proven: “Choose the key” fails')).toBeVisible();
});

it('walks through the steps by hand', async () => {
  const { entry: one, proof } = await made();
  provable({ entry: one, proof });
  open(`/audit/${one.id}/verify`);
  await userEvent.click(await screen.findByRole('button', { name: 'First step' }));
  expect(screen.getByRole('heading', { name: '1. Read the proof' })).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Next step' }));
  expect(screen.getByRole('heading', { name: '2. Hash the body of the event' })).toBeVisible();
  expect(screen.getByRole('img', { name: /Merkle/ })).toHaveAccessibleDescription(/Shown up to: Hash the body/);
});

it('waits for a checkpoint and goes on by itself', async () => {
  const { entry: one, proof } = await made();
  provable({ entry: one, proof });
  let pending = true;
  answer({ 'GET /api/v1/audit-logs/{id}/proof': () => (pending ? problem(409, 'proof-pending', {}, { 'Retry-After': '0.02' }) : undefined) });
  open(`/audit/${one.id}/verify`);
  expect(await screen.findByText('Not yet: no checkpoint covers this entry')).toBeVisible();
  pending = false;
  expect(await screen.findByText(/^Proven/)).toBeVisible();
});

it('replays a period step by step, with the fleet as it was', async () => {
  const events = [entry(1), entry(2, { event_type: 'user.signed_in.v1', target_type: 'user', target_id: 'user_b' }), entry(3, { outcome: 'failed' })];
  answer({
    'GET /api/v1/fleet': ({ query }) => {
      const position = Number(query.get('as_of'));
      return fleet({ position, clusters: { ...fleet().clusters, total: position, by_health: { healthy: position } } });
    },
    [LOGS]: ({ query }) => (query.has('cursor') ? page(events.slice(2), 3) : page(events.slice(0, 2), 3, 'more')),
  });
  open(PERIOD);
  expect(await screen.findByText('1 of 3')).toBeVisible();
  expect(asked(LOGS).map(({ query }) => query.get('cursor'))).toEqual([null, 'more']);
  expect(screen.getByText('event 1')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Next step' }));
  expect(screen.getByText('event 2')).toBeVisible();
  // No event of a cluster came between: the fleet is the one of before, and not asked for again.
  expect(await screen.findByText(/1 clusters/)).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Next step' }));
  expect(await screen.findByText(/3 clusters/)).toBeVisible();
  expect(asked('GET /api/v1/fleet').map(({ query }) => query.get('as_of'))).toEqual(['1', '3']);
  expect(screen.getByRole('button', { name: 'Next step' })).toBeDisabled();
  await waitFor(() => expect(address()).toContain('at=3'));
});

it('plays, and rests when it is told to', async () => {
  answer({ [LOGS]: [1, 2, 3, 4, 5].map((position) => entry(position)) });
  open(PERIOD);
  await screen.findByText('1 of 5');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    fireEvent.click(screen.getByRole('button', { name: 'Play' }));
    act(() => void vi.advanceTimersByTime(500));
    act(() => void vi.advanceTimersByTime(500));
    expect(screen.getByText('3 of 5')).toBeVisible();
    fireEvent.click(screen.getByRole('button', { name: 'Pause' }));
    act(() => void vi.advanceTimersByTime(5_000));
    expect(screen.getByText('3 of 5')).toBeVisible();
  } finally {
    vi.useRealTimers();
  }
});

it('moves nothing by itself where less motion is asked for', async () => {
  vi.stubGlobal('matchMedia', (media: string) => ({ matches: media.includes('reduced-motion'), media, addEventListener: () => undefined, removeEventListener: () => undefined }));
  answer({ [LOGS]: [entry(1), entry(2)] });
  open(PERIOD);
  await screen.findByText('1 of 2');
  expect(screen.queryByRole('button', { name: 'Play' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Next step' })).toBeEnabled();
});
