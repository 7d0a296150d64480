import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';

import type { Schemas } from '../../api/client';
import { address, answer, asked, head, me, problem, show } from '../../kit/testing';
import Settings from './page';

const ME = 'GET /api/v1/me';
const HEAD = 'GET /api/v1/ledger/head';
const USERS = 'GET /api/v1/users';

const USER: Schemas['User'] = {
  id: 'user_9',
  email: null,
  display_name: null,
  status: 'deleted',
  roles: ['viewer'],
  last_signed_in_at: null,
  position: 3,
  revision: 1,
  created_at: '2026-01-01T00:00:00Z',
  created_by: 'user_1',
  updated_at: '2026-01-01T00:00:00Z',
  updated_by: 'user_1',
};

beforeEach(() =>
  answer({
    [ME]: me({ roles: ['operator'], permissions: ['clusters:read', 'clusters:manage', 'audit:read', 'users:read', 'tapes:wind'] }),
    [USERS]: [USER],
    [HEAD]: head(12, 2),
    'GET /api/v1/ledger/keys': [
      { verifier_key: 'hub.example+0+old', rotation: null },
      { verifier_key: 'hub.example+1+key', rotation: 'signed' },
    ],
  }),
);

const open = (at = '/settings') => show(<Settings />, at);
const queries = () => asked(USERS).map(({ query }) => query.toString());

it('says in words who one is and what one may do', async () => {
  open();
  expect(await screen.findByText('Import, change and decommission clusters')).toBeInTheDocument();
  expect(screen.getByText('Tapes: wind')).toBeInTheDocument();
  expect(screen.getByText(/^Operator:/)).toBeInTheDocument();
  expect(screen.getByText('Erased')).toBeInTheDocument();
  expect(screen.getByText('session-1')).toBeInTheDocument();
});

it('changes the theme at once and remembers it', async () => {
  open();
  expect(await screen.findByRole('radio', { name: 'As the system says' })).toBeChecked();
  await userEvent.click(screen.getByRole('radio', { name: 'Dark' }));
  expect(document.documentElement).toHaveClass('pf-v6-theme-dark');
  expect(localStorage.getItem('clustermaster.theme')).toBe('dark');
  await userEvent.click(screen.getByRole('radio', { name: 'Light' }));
  expect(document.documentElement).not.toHaveClass('pf-v6-theme-dark');
});

it('copies the verifier key, and says so', async () => {
  const browser = userEvent.setup();
  open();
  await browser.click(await screen.findByRole('button', { name: 'Copy the verifier key' }));
  expect(await screen.findByText('Copied.')).toBeInTheDocument();
  expect(await navigator.clipboard.readText()).toBe('hub.example+1+key');
  expect(screen.getByText(/over 10 of 12 entries; 2 wait/)).toBeInTheDocument();
  expect(await screen.findByText(/It signs no longer/)).toBeInTheDocument();
});

it('selects the key where the browser hands out no clipboard', async () => {
  vi.stubGlobal('navigator', new Proxy(navigator, { get: (target, name) => (name === 'clipboard' ? undefined : Reflect.get(target, name)) }));
  open();
  await userEvent.click(await screen.findByRole('button', { name: 'Copy the verifier key' }));
  expect(await screen.findByText(/It is selected/)).toBeInTheDocument();
  expect(getSelection()?.toString()).toBe('hub.example+1+key');
});

it('asks nothing of the ledger for those who may not read it', async () => {
  answer({ [ME]: me({ permissions: ['clusters:read'] }) });
  open();
  expect(await screen.findByText('Who may read the audit log sees the key here.')).toBeInTheDocument();
  await screen.findByText('session-1');
  expect(asked().filter(({ path }) => path.includes('/ledger/'))).toEqual([]);
  expect(screen.queryByRole('link', { name: 'Users' })).toBeNull();
});

it('says what failed, part by part', async () => {
  answer({ [HEAD]: problem(500, 'internal', { title: 'The ledger is away' }) });
  open();
  expect(await screen.findByRole('heading', { name: 'The ledger is away' })).toBeInTheDocument();
  expect(await screen.findByText('session-1')).toBeInTheDocument();
});

it('lists the users as the address says', async () => {
  open('/settings/users?status=deleted&as_of=7');
  expect(await screen.findByText('user_9')).toBeInTheDocument();
  expect(screen.getByText('never')).toBeInTheDocument();
  expect(queries()).toContain('limit=50&sort=created_at&status=deleted&as_of=7');
  await userEvent.selectOptions(screen.getByLabelText('Role'), 'Viewer');
  await waitFor(() => expect(queries()).toContain('limit=50&sort=created_at&status=deleted&role=viewer&as_of=7'));
});

it('lists no users for those who may not see them', async () => {
  answer({ [ME]: me({ permissions: [] }) });
  open('/settings/users');
  expect(await screen.findByText('Only administrators see the accounts of the tenant.')).toBeInTheDocument();
  await waitFor(() => expect(asked(ME)).not.toEqual([]));
  expect(asked(USERS)).toEqual([]);
});

it('brings the first steps back where they were closed', async () => {
  localStorage.setItem('clustermaster.first-steps', '{"closed":true,"ticked":[1]}');
  open();
  await userEvent.click(await screen.findByRole('button', { name: 'Show them again' }));
  await waitFor(() => expect(address()).toBe('/fleet'));
  expect(localStorage.getItem('clustermaster.first-steps')).toBe('{"closed":false,"ticked":[]}');
});
