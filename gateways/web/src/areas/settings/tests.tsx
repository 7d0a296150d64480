import { QueryClientProvider } from '@tanstack/react-query';
import { configure, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter, Route, Routes } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import { queryClient } from '../../api/query';
import { signIn } from '../../api/session';
import Settings from './page';

// Also on a machine that has other things to do.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 8_000 });

const session = { access_token: 't', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: ['admin'] } };
const me = {
  id: 'user_1',
  tenant: 'tenant_1',
  email: 'a@b.example',
  display_name: null,
  roles: ['operator'],
  permissions: ['clusters:read', 'clusters:manage', 'audit:read', 'users:read', 'tapes:wind'],
  session: 'session-1',
};
const user = { id: 'user_9', email: null, display_name: null, status: 'deleted', roles: ['viewer'], last_signed_in_at: null, created_at: '2026-01-01T00:00:00Z' };
let answers: Record<string, unknown>;
let asked: string[];

beforeEach(async () => {
  localStorage.clear();
  asked = [];
  answers = {
    '/auth/login': session,
    '/me': me,
    '/users': [user],
    '/ledger/head': { verifier_key: 'hub.example+1+key', size: 12, uncovered: 2, checkpoint: { size: 10, issued_at: '2026-01-01T00:00:00Z' } },
    '/ledger/keys': [
      { verifier_key: 'hub.example+0+old', rotation: null },
      { verifier_key: 'hub.example+1+key', rotation: 'signed' },
    ],
  };
  vi.stubGlobal('fetch', async (what: Request | string) => {
    const url = new URL(typeof what === 'string' ? what : what.url, 'http://localhost');
    asked.push(url.pathname.replace('/api/v1', '') + url.search);
    const answer = answers[url.pathname.replace('/api/v1', '')];
    return answer instanceof Response ? answer : Response.json(answer, { headers: { 'Total-Count': '1' } });
  });
  await signIn('a@b.example', 'secret', undefined);
});

function show(address = '/settings') {
  render(
    <QueryClientProvider client={queryClient()}>
      <MemoryRouter initialEntries={[address]}>
        <Routes>
          <Route path="/settings/*" element={<Settings />} />
          <Route path="/fleet" element={<p>the fleet</p>} />
        </Routes>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

it('says in words who one is and what one may do', async () => {
  show();
  expect(await screen.findByText('Import, change and decommission clusters')).toBeInTheDocument();
  expect(screen.getByText('Tapes: wind')).toBeInTheDocument();
  expect(screen.getByText(/^Operator:/)).toBeInTheDocument();
  expect(screen.getByText('Erased')).toBeInTheDocument();
  expect(screen.getByText('session-1')).toBeInTheDocument();
});

it('changes the theme at once and remembers it', async () => {
  show();
  expect(await screen.findByRole('radio', { name: 'As the system says' })).toBeChecked();
  await userEvent.click(screen.getByRole('radio', { name: 'Dark' }));
  expect(document.documentElement).toHaveClass('pf-v6-theme-dark');
  expect(localStorage.getItem('clustermaster.theme')).toBe('dark');
  await userEvent.click(screen.getByRole('radio', { name: 'Light' }));
  expect(document.documentElement).not.toHaveClass('pf-v6-theme-dark');
});

it('copies the verifier key, and says so', async () => {
  const browser = userEvent.setup();
  show();
  await browser.click(await screen.findByRole('button', { name: 'Copy the verifier key' }));
  expect(await screen.findByText('Copied.')).toBeInTheDocument();
  expect(await navigator.clipboard.readText()).toBe('hub.example+1+key');
  expect(screen.getByText(/over 10 of 12 entries; 2 wait/)).toBeInTheDocument();
  expect(await screen.findByText(/It signs no longer/)).toBeInTheDocument();
});

it('selects the key where the browser hands out no clipboard', async () => {
  vi.stubGlobal('navigator', new Proxy(navigator, { get: (target, name) => (name === 'clipboard' ? undefined : Reflect.get(target, name)) }));
  show();
  await userEvent.click(await screen.findByRole('button', { name: 'Copy the verifier key' }));
  expect(await screen.findByText(/It is selected/)).toBeInTheDocument();
  expect(getSelection()?.toString()).toBe('hub.example+1+key');
  vi.unstubAllGlobals();
});

it('asks nothing of the ledger for those who may not read it', async () => {
  answers['/me'] = { ...me, permissions: ['clusters:read'] };
  show();
  expect(await screen.findByText('Who may read the audit log sees the key here.')).toBeInTheDocument();
  await screen.findByText('session-1');
  expect(asked.filter((one) => one.startsWith('/ledger'))).toEqual([]);
  expect(screen.queryByRole('link', { name: 'Users' })).toBeNull();
});

it('says what failed, part by part', async () => {
  answers['/ledger/head'] = Response.json({ type: 't', title: 'The ledger is away', status: 500, code: 'internal', detail: 'd' }, { status: 500 });
  show();
  expect(await screen.findByRole('heading', { name: 'The ledger is away' })).toBeInTheDocument();
  expect(await screen.findByText('session-1')).toBeInTheDocument();
});

it('lists the users as the address says', async () => {
  show('/settings/users?status=deleted&as_of=7');
  expect(await screen.findByText('user_9')).toBeInTheDocument();
  expect(screen.getByText('never')).toBeInTheDocument();
  expect(asked).toContain('/users?limit=50&sort=created_at&status=deleted&as_of=7');
  await userEvent.selectOptions(screen.getByLabelText('Role'), 'Viewer');
  await waitFor(() => expect(asked).toContain('/users?limit=50&sort=created_at&status=deleted&role=viewer&as_of=7'));
});

it('lists no users for those who may not see them', async () => {
  answers['/me'] = { ...me, permissions: [] };
  show('/settings/users');
  expect(await screen.findByText('Only administrators see the accounts of the tenant.')).toBeInTheDocument();
  await waitFor(() => expect(asked).toContain('/me'));
  expect(asked.filter((one) => one.startsWith('/users'))).toEqual([]);
});

it('brings the first steps back where they were closed', async () => {
  localStorage.setItem('clustermaster.first-steps', '{"closed":true,"ticked":[1]}');
  show();
  await userEvent.click(await screen.findByRole('button', { name: 'Show them again' }));
  expect(await screen.findByText('the fleet')).toBeInTheDocument();
  expect(localStorage.getItem('clustermaster.first-steps')).toBe('{"closed":false,"ticked":[]}');
});
