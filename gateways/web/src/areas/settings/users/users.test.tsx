import { QueryClientProvider } from '@tanstack/react-query';
import { configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useEffect } from 'react';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import { queryClient } from '../../../api/query';
import { signIn } from '../../../api/session';
import { ToastRoom } from '../../../kit/toasts';
import Settings from '../page';

// Also on a machine that has other things to do.
vi.setConfig({ testTimeout: 40_000 });
configure({ asyncUtilTimeout: 8_000 });

const ME = 'user_01m8fjyn4bextr2n9x560000me';
const ADA = 'user_01m8fjyn4bextr2n9x56000ada';
const PLAN = { dry_run: true, events: [{ type: 'user.changed.v1', schema_version: 1, stream: ADA, payload: {} }] };

interface Sent {
  method: string;
  path: string;
  dry: boolean;
  match: string | null;
  key: string | null;
  body: Record<string, unknown> | undefined;
}

let user: Record<string, unknown>;
let permissions: string[];
let sent: Sent[];
let asked: string[];
/** What a command (or its dry run) is answered with, where it is not simply done. */
let refuse: (one: Sent) => Response | undefined;
let client: ReturnType<typeof queryClient>;

const problem = (status: number, code: string, errors?: unknown[]) => Response.json({ type: `/problems/${code}`, title: code, status, code, detail: `detail of ${code}`, ...(errors ? { errors } : {}) }, { status });

beforeEach(async () => {
  sent = [];
  asked = [];
  refuse = () => undefined;
  permissions = ['users:read', 'users:manage', 'self:manage', 'audit:read'];
  user = {
    id: ADA,
    email: 'ada@b.example',
    display_name: 'Ada',
    status: 'active',
    roles: ['operator'],
    revision: 3,
    position: 9,
    created_at: '2026-01-01T00:00:00Z',
    created_by: 'system:bootstrap',
    updated_at: '2026-01-01T00:00:00Z',
    updated_by: ME,
    last_signed_in_at: null,
  };
  vi.stubGlobal('fetch', async (what: Request | string) => {
    const url = new URL(typeof what === 'string' ? what : what.url, 'http://localhost');
    const path = url.pathname.replace('/api/v1', '');
    if (path === '/auth/login' || path === '/auth/refresh') return Response.json({ access_token: 't', expires_in: 900, refresh_token: null, user: { id: ME, roles: ['admin'] } });
    if (path === '/me') return Response.json({ id: ME, tenant: 't', email: 'me@b.example', display_name: 'Me', roles: ['admin'], permissions, session: 's' });
    const request = what as Request;
    if (request.method === 'GET') {
      asked.push(path + url.search);
      if (path === `/users/${ADA}`) return Response.json(user);
      if (path === `/users/${ME}`) return Response.json({ ...user, id: ME, display_name: 'Me' });
      if (path === '/users') return Response.json([user], { headers: { 'Total-Count': '1' } });
      if (path === '/audit-logs') return Response.json([{ id: 'entry-1', event_type: 'cluster.changed.v1', outcome: 'refused', summary: 'it was refused', recorded_at: '2026-01-01T00:00:00Z' }], { headers: { 'Total-Count': '1' } });
      return problem(404, 'not-found');
    }
    const text = await request.text();
    const one: Sent = {
      method: request.method,
      path,
      dry: url.searchParams.get('dry_run') === 'true',
      match: request.headers.get('If-Match'),
      key: request.headers.get('Idempotency-Key'),
      body: text ? (JSON.parse(text) as Record<string, unknown>) : undefined,
    };
    sent.push(one);
    const refused = refuse(one);
    if (refused) return refused;
    if (one.dry) return Response.json(PLAN);
    const made = one.method === 'POST' && one.body?.['password'] === undefined ? { one_time_password: 'ONCE-AND-NEVER-AGAIN' } : {};
    return Response.json({ id: ADA, status: 'active', roles: ['viewer'], revision: 4, ...made }, { headers: { 'Ledger-Position': '77' } });
  });
  await signIn('me@b.example', 'secret', undefined);
});

let address = '';

function Address() {
  const { pathname, search } = useLocation();
  useEffect(() => {
    address = pathname + search;
  });
  return null;
}

function show(at: string) {
  client = queryClient();
  render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[at]}>
        <ToastRoom>
          <Address />
          <Routes>
            <Route path="/settings/*" element={<Settings />} />
          </Routes>
        </ToastRoom>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

const commands = () => sent.filter(({ dry }) => !dry);
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }));

async function fillIn() {
  show('/settings/users');
  await userEvent.click(await screen.findByRole('button', { name: 'Create a user' }));
  await userEvent.type(await screen.findByLabelText(/^Name/), ' Ada ');
  await userEvent.type(screen.getByLabelText(/^E-mail/), 'ada@b.example');
  await userEvent.click(screen.getByLabelText(/^Viewer/));
}

it('creates an account after a preview, and shows its one-time password once', async () => {
  await fillIn();
  await press('Preview the account');
  expect(await screen.findByRole('heading', { name: 'What will be recorded' })).toBeInTheDocument();
  await press('Create the account');
  expect(await screen.findByText('ONCE-AND-NEVER-AGAIN')).toBeInTheDocument();
  expect(sent.map(({ method, path, dry, body }) => ({ method, path, dry, body }))).toEqual([true, false].map((dry) => ({ method: 'POST', path: '/users', dry, body: { email: 'ada@b.example', display_name: 'Ada', roles: ['viewer'] } })));
  expect(commands()[0]?.key).toBeTruthy();
  // Behind the dialog.
  expect(screen.getByRole('link', { name: 'See the recorded event', hidden: true })).toHaveAttribute('href', '/audit/at/77');
  // Not even Escape loses it, and nothing keeps it.
  await userEvent.keyboard('{Escape}');
  expect(screen.getByText('ONCE-AND-NEVER-AGAIN')).toBeInTheDocument();
  const kept = JSON.stringify([client.getMutationCache().getAll().map(({ state }) => state), client.getQueryCache().getAll().map(({ state }) => state.data), { ...localStorage }, { ...sessionStorage }]);
  expect(kept).not.toContain('ONCE-AND-NEVER-AGAIN');
  await press('I have noted it');
  await waitFor(() => expect(address).toBe(`/settings/users/${ADA}`));
  expect(screen.queryByText('ONCE-AND-NEVER-AGAIN')).toBeNull();
});

it('says so where the answer with the one-time password was lost', async () => {
  refuse = (one) => (one.dry ? undefined : Response.json({ id: ADA, status: 'active', roles: ['viewer'], revision: 0 }, { status: 201, headers: { 'Idempotent-Replayed': 'true', 'Ledger-Position': '77' } }));
  await fillIn();
  await press('Preview the account');
  await userEvent.click(await screen.findByRole('button', { name: 'Create the account' }));
  expect(await screen.findByText(/Give the account a new password/)).toBeInTheDocument();
});

it('says beside its field what is wrong, before and after the hub was asked', async () => {
  show('/settings/users');
  await userEvent.click(await screen.findByRole('button', { name: 'Create a user' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Preview the account' }));
  expect(screen.getByLabelText(/^Name/)).toHaveAccessibleDescription(/1 to 200 characters/);
  expect(screen.getByText('At least one role.')).toBeInTheDocument();
  expect(sent).toEqual([]);
  refuse = () => problem(409, 'name-taken', [{ pointer: '/email', detail: 'another one has this name already' }]);
  await userEvent.type(screen.getByLabelText(/^Name/), 'Ada');
  await userEvent.type(screen.getByLabelText(/^E-mail/), 'ada@b.example');
  await userEvent.click(screen.getByLabelText(/^Viewer/));
  await press('Preview the account');
  await waitFor(() => expect(screen.getByLabelText(/^E-mail/)).toHaveAccessibleDescription(/Another account signs in with this address already/));
});

it('offers to those who may only look nothing to change, and nobody anything in the past', async () => {
  permissions = ['users:read'];
  show(`/settings/users/${ADA}`);
  expect(await screen.findByRole('heading', { level: 1, name: 'Ada' })).toBeInTheDocument();
  for (const name of ['Change', 'Disable', 'Delete', 'New password']) expect(screen.queryByRole('button', { name })).toBeNull();
  expect(asked.filter((one) => one.startsWith('/audit-logs'))).toEqual([]);
});

it('shows an account as it was, without anything to do about it', async () => {
  show(`/settings/users/${ADA}?as_of=7`);
  const doings = await screen.findByRole('list', { name: /newest/ });
  expect(within(doings).getByRole('link', { name: 'Cluster: changed' })).toHaveAttribute('href', '/audit/entry-1');
  expect(screen.getByRole('link', { name: 'Everything by them' })).toHaveAttribute('href', `/audit?actor=${ADA}&as_of=7`);
  expect(asked.filter((one) => one.startsWith(`/users/${ADA}?`)).every((one) => /[?&]as_of=7$/.test(one))).toBe(true);
  expect(asked.some((one) => one.startsWith(`/users/${ADA}?`))).toBe(true);
  expect(screen.queryByRole('button', { name: 'Change' })).toBeNull();
});

it('changes what was changed and nothing else, at the revision that was seen', async () => {
  show(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  await userEvent.click(await screen.findByLabelText(/^Administrator/));
  await press('Preview the change');
  await userEvent.type(await screen.findByLabelText('Reason'), 'promotion');
  await press('Change the account');
  await waitFor(() => expect(commands()).toHaveLength(1));
  expect(commands()[0]).toMatchObject({ method: 'PUT', path: `/users/${ADA}`, match: '"3"', body: { roles: ['admin', 'operator'] } });
  expect(sent[0]).toMatchObject({ dry: true, match: '"3"' });
});

it('tells what somebody else changed meanwhile, and goes on from there', async () => {
  refuse = ({ match }) => (match === '"3"' ? problem(412, 'precondition-failed') : undefined);
  show(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  await userEvent.clear(await screen.findByLabelText(/^Name/));
  await userEvent.type(screen.getByLabelText(/^Name/), 'Ada L.');
  user = { ...user, revision: 5, roles: ['viewer'] };
  await press('Preview the change');
  expect(await screen.findByRole('heading', { name: /Somebody changed the account meanwhile/ })).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Preview the change' })).toBeDisabled();
  await press('Take it over and go on');
  expect(screen.getByLabelText(/^Viewer/)).toBeChecked();
  expect(screen.getByLabelText(/^Name/)).toHaveValue('Ada L.');
  await press('Preview the change');
  await screen.findByRole('heading', { name: 'What will be recorded' });
  expect(sent.at(-1)).toMatchObject({ match: '"5"', body: { display_name: 'Ada L.' } });
});

it('deletes only once the name was typed, and says what that means', async () => {
  show(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  expect(await screen.findByText(/name and e-mail address are shown nowhere any more/)).toBeInTheDocument();
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(screen.getByRole('button', { name: 'Delete the account' })).toBeDisabled();
  await userEvent.type(screen.getByLabelText(/^Type Ada to confirm/), 'Ada');
  await press('Delete the account');
  await waitFor(() => expect(commands()).toHaveLength(1));
  expect(commands()[0]).toMatchObject({ method: 'DELETE', path: `/users/${ADA}`, match: '"3"' });
});

it('enables what is disabled, and shows a refusal of the hub as it is', async () => {
  user = { ...user, status: 'disabled' };
  refuse = ({ dry }) => (dry ? undefined : problem(409, 'own-account'));
  show(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Enable' }));
  const button = await screen.findByRole('button', { name: 'Enable the account' });
  await waitFor(() => expect(button).toBeEnabled());
  await userEvent.click(button);
  expect(await screen.findByText('Detail of own-account')).toBeInTheDocument();
  expect(screen.getByText('Nothing was changed.')).toBeInTheDocument();
  expect(screen.queryByText(/Somebody else changed it/)).toBeNull();
  expect(commands()[0]?.body).toEqual({ enabled: true });
});

it('keeps one from taking one’s own rights', async () => {
  show(`/settings/users/${ME}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  expect(await screen.findByLabelText(/^Operator/)).toBeDisabled();
  await press('Cancel');
  expect(screen.queryByRole('button', { name: 'Disable' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  expect(screen.getByText(/This is you/)).toBeInTheDocument();
});

it('changes one’s own password without keeping it, and says that one signs in again', async () => {
  permissions = ['self:manage'];
  show('/settings');
  await userEvent.click(await screen.findByRole('button', { name: 'Change my password' }));
  await userEvent.type(await screen.findByLabelText(/^New password/), 'a-long-secret-1');
  await userEvent.type(screen.getByLabelText(/^The new password again/), 'another');
  await press('Preview the change');
  expect(screen.getByText('It is not the same as above.')).toBeInTheDocument();
  expect(sent).toEqual([]);
  await userEvent.clear(screen.getByLabelText(/^The new password again/));
  await userEvent.type(screen.getByLabelText(/^The new password again/), 'a-long-secret-1');
  await press('Preview the change');
  expect(await screen.findByText(/All your sessions end, this one as well/)).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Change my password' }));
  expect(await screen.findByText('Your password was changed')).toBeInTheDocument();
  expect(commands()[0]).toMatchObject({ path: `/users/${ME}`, body: { password: 'a-long-secret-1' }, match: null });
  expect(JSON.stringify(client.getMutationCache().getAll().map(({ state }) => state))).not.toContain('a-long-secret-1');
});

it('makes up a password for somebody else, sends it and shows it once', async () => {
  show(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'New password' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Preview the change' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Set the new password' }));
  await screen.findByRole('button', { name: 'I have noted it' });
  const made = commands()[0]?.body?.['password'] as string;
  expect(made).toMatch(/^[A-HJ-NP-Z2-9]{20}$/);
  expect(screen.getByText(made)).toBeInTheDocument();
  expect(sent[0]?.body).toEqual({ password: made });
});

it('finds an account by its name, and goes there', async () => {
  show('/settings/users');
  await userEvent.type(await screen.findByRole('combobox', { name: 'Find an account' }), 'ad');
  await userEvent.click(await screen.findByRole('option', { name: /Ada/ }));
  await waitFor(() => expect(address).toBe(`/settings/users/${ADA}`));
});
