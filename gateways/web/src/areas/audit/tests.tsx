import { QueryClientProvider } from '@tanstack/react-query';
import { act, configure, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useEffect } from 'react';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import { queryClient } from '../../api/query';
import { heldKey, holdKey } from './keeping';
import Audit from './page';
import type { Entry } from './queries';
import { made, signer } from './verify/fixture';

type Handler = (url: URL) => Response | undefined | Promise<Response>;

// Two cores, and lists of tests beside each other.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 8_000 });

let asked: URL[] = [];

beforeEach(() => {
  asked = [];
  localStorage.clear();
  holdKey(undefined);
});

function hub(handler: Handler, more: string[] = []) {
  const session = { access_token: 't', expires_in: 900, refresh_token: null, user: { id: 'user_me', roles: [] } };
  const me = { id: 'user_me', permissions: ['audit:read', 'audit:read-personal', 'clusters:read', ...more] };
  vi.stubGlobal('fetch', async (request: Request | string) => {
    const url = new URL(typeof request === 'string' ? request : request.url, 'http://localhost');
    if (url.pathname === '/api/v1/auth/refresh') return Response.json(session);
    if (url.pathname === '/api/v1/me') return Response.json(me);
    asked.push(url);
    const answer = await handler(url);
    if (answer) return answer;
    if (url.pathname === '/api/v1/audit-logs' || url.pathname === '/api/v1/ledger/keys') return list([]);
    return problem(404, 'audit-log-not-found');
  });
}

function list(rows: unknown[], total = rows.length, next?: string) {
  return Response.json(rows, { headers: { 'Total-Count': String(total), ...(next ? { Link: `<http://localhost/x?cursor=${next}>; rel="next"` } : {}) } });
}

function problem(status: number, code: string, errors: unknown[] = [], headers: Record<string, string> = {}) {
  return Response.json({ type: `/problems/${code}`, title: code, status, code, detail: 'd', errors }, { status, headers });
}

function entry(position: number, change: Partial<Entry> = {}): Entry {
  return {
    id: `00000000-0000-7000-8000-00000000000${position}`,
    position,
    sequence: position - 1,
    recorded_at: `2026-01-01T00:00:0${position}.000000Z`,
    actor: 'user_me',
    action: 'cluster.change',
    event_type: 'cluster.changed.v1',
    target_type: 'cluster',
    target_id: 'cluster_a',
    revision: position,
    outcome: 'succeeded',
    reason: null,
    trace_id: null,
    caused_by: null,
    origin: null,
    request_id: null,
    change_request: null,
    summary: `summary ${position}`,
    before: null,
    after: null,
    payload: {} as never,
    leaf_hash: '00'.repeat(32),
    ...change,
  };
}

let address = '';

function Address() {
  const { pathname, search } = useLocation();
  useEffect(() => {
    address = pathname + search;
  });
  return null;
}

function open(path: string) {
  return render(
    <QueryClientProvider client={queryClient()}>
      <MemoryRouter initialEntries={[path]}>
        <Address />
        <Routes>
          <Route path="audit/*" element={<Audit />} />
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

it('takes the filters from the address, sends them on, and puts new ones there', async () => {
  hub((url) => (url.pathname === '/api/v1/audit-logs' ? list([entry(1)]) : undefined));
  open('/audit?actor=system:observer,user_x&outcome=failed,refused&as_of=7&sort=recorded_at');
  await screen.findByText('summary 1');
  expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toEqual({ actor: 'system:observer,user_x', outcome: 'failed,refused', as_of: '7', sort: 'recorded_at', limit: '50' });
  const chosen = within(screen.getByRole('list', { name: 'Chosen' }));
  expect(chosen.getAllByRole('listitem').map((one) => one.textContent)).toEqual(['The hub, observing clusters', 'user_x']);
  expect(screen.getByText(/after ledger position 7/)).toBeVisible();
  expect(screen.getByRole('link', { name: 'cluster_a' })).toHaveAttribute('href', '/clusters/cluster_a');
  await userEvent.click(screen.getByLabelText('Target'));
  await userEvent.paste('cluster_a');
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(new URLSearchParams(address.split('?')[1]).get('target')).toBe('cluster_a'));
  expect(new URLSearchParams(address.split('?')[1]).get('as_of')).toBe('7');
  await userEvent.selectOptions(screen.getByLabelText('Outcome'), 'refused');
  await waitFor(() => expect(asked.at(-1)?.searchParams.get('outcome')).toBe('refused'));
  expect(asked.at(-1)?.searchParams.get('target')).toBe('cluster_a');
  expect(screen.getByLabelText('Outcome')).toHaveFocus();
  await userEvent.selectOptions(screen.getByLabelText('Period'), '24');
  await waitFor(() => expect(Date.now() - Date.parse(asked.at(-1)?.searchParams.get('from') ?? '')).toBeGreaterThan(86_000_000));
});

it('filters by a name: the address keeps the id, and the chip says the name', async () => {
  const ada = 'user_01m8fjyn4bextr2n9x56000ada';
  const account = { id: ada, display_name: 'Ada Lovelace', email: 'ada@b.example', status: 'active' };
  hub((url) => (url.pathname === '/api/v1/audit-logs' ? list([entry(1, { actor: ada })]) : url.pathname === '/api/v1/users' ? list([account]) : url.pathname === `/api/v1/users/${ada}` ? Response.json(account) : undefined), ['users:read']);
  open('/audit?as_of=7');
  expect(await screen.findByRole('button', { name: 'Ada Lovelace' })).toHaveAttribute('title', ada);
  await userEvent.type(screen.getByRole('combobox', { name: 'Who' }), 'ada@');
  await userEvent.click(await screen.findByRole('option', { name: /Ada Lovelace/ }));
  await waitFor(() => expect(address).toBe(`/audit?as_of=7&actor=${ada}`));
  await waitFor(() => expect(asked.findLast(({ pathname }) => pathname === '/api/v1/audit-logs')?.searchParams.get('actor')).toBe(ada));
  await userEvent.click(await screen.findByRole('button', { name: 'Take away Ada Lovelace' }));
  await waitFor(() => expect(address).toBe('/audit?as_of=7'));
  expect(asked.filter(({ pathname }) => pathname === `/api/v1/users/${ada}`)).toHaveLength(1);
});

it('shows what the hub finds wrong with a filter beside it', async () => {
  hub((url) => (url.searchParams.has('outcome') ? problem(400, 'invalid-parameter', [{ parameter: 'outcome', detail: 'must be one of three' }]) : undefined));
  open('/audit?outcome=bad');
  await waitFor(() => expect(screen.getByLabelText('Outcome')).toHaveAccessibleDescription(/must be one of three/));
  expect(screen.getByLabelText('Outcome')).toHaveValue('bad');
});

it('goes on from a position to its entry, and says so where none of the tenant stands there', async () => {
  const one = entry(5);
  hub((url) => (url.pathname === '/api/v1/audit-logs' && url.searchParams.has('as_of') ? list([one]) : url.pathname.endsWith(one.id) ? Response.json(one) : undefined));
  const { unmount } = open('/audit/at/5');
  await screen.findByRole('heading', { level: 1, name: 'Cluster: changed' });
  expect(address).toBe(`/audit/${one.id}`);
  expect(asked[0]?.search).toContain('as_of=5');
  expect(asked[0]?.search).toContain('min_position=5');
  unmount();
  open('/audit/at/6');
  await screen.findByText(/No entry of your tenant stands at position 6/);
  expect(screen.getByRole('link', { name: /newest entry before/ })).toHaveAttribute('href', `/audit/${one.id}`);
});

it('takes nothing but a whole number for a position, and knows where the ledger ends', async () => {
  hub(() => problem(400, 'invalid-parameter', [{ parameter: 'min_position', detail: 'beyond' }]));
  const { unmount } = open('/audit/at/0x5');
  expect(screen.getByText('This is no ledger position')).toBeVisible();
  expect(asked).toEqual([]);
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
  hub((url) => {
    if (url.pathname.endsWith(one.id)) return Response.json(one);
    if (url.pathname.endsWith(cause.id)) return Response.json(cause);
    if (url.searchParams.get('caused_by') === one.id) return list([effect]);
    if (url.searchParams.get('request_id') === 'req-1') return list([one, sibling]);
    return undefined;
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
  hub((url) => (url.pathname.endsWith('/proof') ? Response.json(proof) : url.pathname.endsWith(one.id) ? Response.json(one) : undefined));
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
  let answer: unknown = { ...proof, payload: btoa('{"nodes":4}') };
  hub((url) => (url.pathname.endsWith('/proof') ? Response.json(answer) : url.pathname.endsWith(one.id) ? Response.json(one) : undefined));
  const { unmount } = open(`/audit/${one.id}/verify`);
  const verdict = await screen.findByText('Not proven: “Hash the body of the event” fails');
  expect(verdict.closest('[aria-live]')).toHaveAttribute('aria-live', 'polite');
  expect(screen.getByText('This step fails.')).toBeVisible();
  expect(localStorage.getItem('clustermaster.verified')).toBeNull();
  unmount();
  answer = proof;
  holdKey((await signer(4)).verifier);
  open(`/audit/${one.id}/verify`);
  expect(await screen.findByText('Not proven: “Choose the key” fails')).toBeVisible();
});

it('walks through the steps by hand', async () => {
  const { entry: one, proof } = await made();
  hub((url) => (url.pathname.endsWith('/proof') ? Response.json(proof) : url.pathname.endsWith(one.id) ? Response.json(one) : undefined));
  open(`/audit/${one.id}/verify`);
  await userEvent.click(await screen.findByRole('button', { name: 'First step' }));
  expect(screen.getByRole('heading', { name: '1. Read the proof' })).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Next step' }));
  expect(screen.getByRole('heading', { name: '2. Hash the body of the event' })).toBeVisible();
  expect(screen.getByRole('img', { name: /Merkle/ })).toHaveAccessibleDescription(/Shown up to: Hash the body/);
});

it('waits for a checkpoint and goes on by itself', async () => {
  const { entry: one, proof } = await made();
  let pending = true;
  hub((url) =>
    url.pathname.endsWith('/proof') ? (pending ? problem(409, 'proof-pending', [], { 'Retry-After': '0.02' }) : Response.json(proof)) : url.pathname.endsWith(one.id) ? Response.json(one) : undefined,
  );
  open(`/audit/${one.id}/verify`);
  expect(await screen.findByText('Not yet: no checkpoint covers this entry')).toBeVisible();
  pending = false;
  expect(await screen.findByText(/^Proven/)).toBeVisible();
});

it('replays a period step by step, with the fleet as it was', async () => {
  const events = [entry(1), entry(2, { event_type: 'user.signed_in.v1', target_type: 'user', target_id: 'user_b' }), entry(3, { outcome: 'failed' })];
  hub((url) => {
    if (url.pathname === '/api/v1/fleet') {
      const position = Number(url.searchParams.get('as_of'));
      return Response.json({ position, clusters: { total: position, by_health: { healthy: position } }, nodes: {}, attention: [], recent: [], attention_total: 0 });
    }
    if (url.pathname !== '/api/v1/audit-logs') return undefined;
    return url.searchParams.has('cursor') ? list(events.slice(2), 3) : list(events.slice(0, 2), 3, 'more');
  });
  open('/audit/replay?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z');
  expect(await screen.findByText('1 of 3')).toBeVisible();
  expect(asked.filter((url) => url.pathname.endsWith('audit-logs')).map((url) => url.searchParams.get('cursor'))).toEqual([null, 'more']);
  expect(screen.getByText('summary 1')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Next step' }));
  expect(screen.getByText('summary 2')).toBeVisible();
  // No event of a cluster came between: the fleet is the one of before, and not asked for again.
  expect(await screen.findByText(/1 clusters/)).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Next step' }));
  expect(await screen.findByText(/3 clusters/)).toBeVisible();
  expect(asked.filter((url) => url.pathname.endsWith('fleet')).map((url) => url.searchParams.get('as_of'))).toEqual(['1', '3']);
  expect(screen.getByRole('button', { name: 'Next step' })).toBeDisabled();
  await waitFor(() => expect(address).toContain('at=3'));
});

it('plays, and rests when it is told to', async () => {
  const events = [1, 2, 3, 4, 5].map((position) => entry(position));
  hub((url) => (url.pathname === '/api/v1/audit-logs' ? list(events) : undefined));
  open('/audit/replay?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z');
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
  hub((url) => (url.pathname === '/api/v1/audit-logs' ? list([entry(1), entry(2)]) : undefined));
  open('/audit/replay?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z');
  await screen.findByText('1 of 2');
  expect(screen.queryByRole('button', { name: 'Play' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Next step' })).toBeEnabled();
  vi.unstubAllGlobals();
});
