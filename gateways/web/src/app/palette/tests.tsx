import { QueryClientProvider } from '@tanstack/react-query';
import { configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { MemoryRouter, useLocation } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import { queryClient } from '../../api/query';
import Palette from '.';
import { actions, fitting } from './actions';

// Machines that build beside it are slow; a test that fails does so all the same.
configure({ asyncUtilTimeout: 5_000 });
vi.setConfig({ testTimeout: 30_000 });

const ADMIN = ['clusters:read', 'clusters:manage', 'audit:read', 'exports:read', 'exports:manage'];
const asked: { url: URL; signal: AbortSignal; answer: (...clusters: unknown[]) => void; users: (...users: unknown[]) => void }[] = [];
let permissions = ADMIN;

beforeEach(() => {
  asked.length = 0;
  permissions = ADMIN;
  sessionStorage.clear();
  vi.stubGlobal('fetch', (input: Request | string) => {
    const url = new URL(typeof input === 'string' ? input : input.url, 'http://localhost');
    if (url.pathname.endsWith('/auth/refresh')) {
      return Promise.resolve(Response.json({ access_token: 't', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } }));
    }
    if (url.pathname.endsWith('/me')) return Promise.resolve(Response.json({ id: 'user_1', permissions }));
    const { signal } = input as Request;
    return new Promise<Response>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      asked.push({ url, signal, answer: (...clusters) => resolve(Response.json({ clusters, entries: [ENTRY] })), users: (...users) => resolve(Response.json(users)) });
    });
  });
});

const ENTRY = { id: 'entry', position: 42, recorded_at: '2026-01-01T00:00:00Z', event_type: 'cluster.imported.v1', target_id: 'cluster_1', summary: 'a cluster was imported' };
const cluster = (name: string) => ({ id: `cluster_${name}`, name, provider: 'aws', region: 'eu', status: 'active', health: 'healthy' });

function Page({ mode }: { mode: 'commands' | 'search' }) {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  return (
    <>
      <button onClick={() => setOpen(true)}>open</button>
      <div id="main" tabIndex={-1} data-testid="main">
        {pathname}
      </div>
      {open && <Palette mode={mode} close={() => setOpen(false)} />}
    </>
  );
}

async function open(mode: 'commands' | 'search' = 'commands') {
  render(
    <QueryClientProvider client={queryClient()}>
      <MemoryRouter>
        <Page mode={mode} />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  await userEvent.click(screen.getByRole('button', { name: 'open' }));
  const input = await screen.findByRole('combobox');
  await waitFor(() => expect(input).toHaveFocus());
  await screen.findByRole('option', { name: 'Go to Settings' });
  return input;
}

const active = (input: HTMLElement) => document.getElementById(input.getAttribute('aria-activedescendant') ?? '');

it('is walked by the keyboard, goes there, and gives the focus to the page', async () => {
  const input = await open();
  expect(input).toHaveAttribute('aria-expanded', 'true');
  const options = within(screen.getByRole('listbox')).getAllByRole('option');
  expect(active(input)).toBe(options[0]);
  await userEvent.keyboard('{ArrowDown}');
  expect(active(input)).toBe(options[1]);
  expect(options[1]).toHaveAttribute('aria-selected', 'true');
  await userEvent.keyboard('{ArrowUp}{ArrowUp}');
  expect(active(input)).toBe(options.at(-1));
  await userEvent.type(input, 'create exp');
  expect(active(input)).toHaveTextContent('Create an export');
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(screen.getByTestId('main')).toHaveTextContent('/exports/new'));
  expect(screen.queryByRole('combobox')).toBeNull();
  await waitFor(() => expect(screen.getByTestId('main')).toHaveFocus());
});

it('closes by Escape, and gives the focus back', async () => {
  await open();
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('combobox')).toBeNull());
  await waitFor(() => expect(screen.getByRole('button', { name: 'open' })).toHaveFocus());
});

it('never shows an overtaken answer, and aborts its asking', async () => {
  const input = await open('search');
  await userEvent.type(input, 'pro');
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]?.url.pathname).toBe('/api/v1/search');
  expect(asked[0]?.url.searchParams.get('q')).toBe('pro');
  await userEvent.type(input, 'd-2');
  await waitFor(() => expect(asked).toHaveLength(2));
  expect(asked[0]?.signal.aborted).toBe(true);
  asked[0]?.answer(cluster('prod-1'));
  asked[1]?.answer(cluster('prod-2'));
  expect(await screen.findByRole('option', { name: /prod-2/ })).toBeInTheDocument();
  expect(screen.queryByRole('option', { name: /prod-1/ })).toBeNull();
  expect(within(screen.getByRole('group', { name: 'Audit log' })).getByRole('option', { name: /a cluster was imported/ })).toBeInTheDocument();
  // What was found stays with its own text only.
  await userEvent.type(input, '9');
  expect(screen.queryByRole('option', { name: /prod-2/ })).toBeNull();
});

it('finds accounts by name for those who may see them', async () => {
  permissions = ['users:read'];
  const input = await open('search');
  await userEvent.type(input, 'lovel');
  await waitFor(() => expect(asked.map(({ url }) => url.pathname)).toEqual(['/api/v1/users']));
  asked[0]?.users({ id: 'user_ada', display_name: 'Ada Lovelace', email: 'ada@b.example' }, { id: 'user_bob', display_name: 'Bob', email: 'bob@b.example' });
  const people = within(await screen.findByRole('group', { name: 'People' }));
  expect(people.getAllByRole('option')).toHaveLength(1);
  await userEvent.click(people.getByRole('option', { name: /Ada Lovelace/ }));
  await waitFor(() => expect(screen.getByTestId('main')).toHaveTextContent('/settings/users/user_ada'));
});

it('says how many there are', async () => {
  const input = await open('search');
  await userEvent.type(input, 'prod');
  await waitFor(() => expect(asked).toHaveLength(1));
  asked[0]?.answer(cluster('prod-1'), cluster('prod-2'));
  expect(await screen.findByText('Clusters: 2, Audit log: 1')).toHaveAttribute('aria-live', 'polite');
});

it('remembers where it led to, for the same user', async () => {
  const input = await open('search');
  await userEvent.type(input, 'prod');
  await waitFor(() => expect(asked).toHaveLength(1));
  asked[0]?.answer(cluster('prod-1'));
  await userEvent.click(await screen.findByRole('option', { name: /prod-1/ }));
  await waitFor(() => expect(screen.getByTestId('main')).toHaveTextContent('/clusters/cluster_prod-1'));
  await userEvent.click(screen.getByRole('button', { name: 'open' }));
  expect(await screen.findByRole('group', { name: 'Recent' })).toHaveTextContent('prod-1');
});

it('offers what one may, and asks for nothing else', async () => {
  permissions = ['exports:read'];
  const input = await open();
  const titles = screen.getAllByRole('option').map((one) => one.textContent);
  expect(titles).toContain('Go to Exports');
  expect(titles.filter((title) => /Clusters|Fleet|Audit|Import|Create|Compare|Replay/.test(title ?? ''))).toEqual([]);
  await userEvent.type(input, 'settings');
  // Where something is going to be asked, it says so at once.
  expect(screen.queryByText('Searching…')).toBeNull();
  expect(asked).toEqual([]);
});

it('stays and says so when the link is copied', async () => {
  const write = vi.fn(() => Promise.resolve());
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as Navigator, { clipboard: { writeText: write } }));
  const input = await open();
  await userEvent.type(input, 'copy{Enter}');
  expect(await screen.findByText('The link is copied.')).toBeInTheDocument();
  expect(write).toHaveBeenCalledWith(location.href);
});

it('finds commands by the beginnings of their words', () => {
  const titles = (text: string) => fitting(actions(ADMIN), text).map((one) => one.title);
  expect(titles('dark')).toEqual(['Theme: dark']);
  expect(titles('imp clu')).toEqual(['Import a cluster']);
  expect(titles('luster')).toEqual([]);
});
