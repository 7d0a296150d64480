import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { useLocation } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import type { Schemas } from '../../api/client';
import { account, answer, asked, cluster, entry, me, PERMISSIONS, show } from '../../kit/testing';
import Palette from '.';
import { actions, fitting } from './actions';

const SEARCH = 'GET /api/v1/search';
let found: ((...names: string[]) => void)[];

beforeEach(() => {
  found = [];
  answer({
    [SEARCH]: () =>
      new Promise<Schemas['Search']>((resolve) =>
        found.push((...names) => resolve({ clusters: names.map((name) => cluster({ id: `cluster_${name}`, name })), entries: [entry(42, { summary: 'a cluster was imported' })] })),
      ),
  });
});

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
  show(<Page mode={mode} />);
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
  await waitFor(() => expect(asked(SEARCH)).toHaveLength(1));
  expect(asked(SEARCH)[0]?.query.get('q')).toBe('pro');
  await userEvent.type(input, 'd-2');
  await waitFor(() => expect(asked(SEARCH)).toHaveLength(2));
  expect(asked(SEARCH)[0]?.signal.aborted).toBe(true);
  found[0]?.('prod-1');
  found[1]?.('prod-2');
  expect(await screen.findByRole('option', { name: /prod-2/ })).toBeInTheDocument();
  expect(screen.queryByRole('option', { name: /prod-1/ })).toBeNull();
  expect(within(screen.getByRole('group', { name: 'Audit log' })).getByRole('option', { name: /a cluster was imported/ })).toBeInTheDocument();
  // What was found stays with its own text only.
  await userEvent.type(input, '9');
  expect(screen.queryByRole('option', { name: /prod-2/ })).toBeNull();
});

it('finds accounts by name for those who may see them', async () => {
  answer({
    'GET /api/v1/me': me({ permissions: ['users:read'] }),
    'GET /api/v1/users': [account({ id: 'user_ada', display_name: 'Ada Lovelace', email: 'ada@b.example' }), account({ id: 'user_bob', display_name: 'Bob', email: 'bob@b.example' })],
  });
  const input = await open('search');
  await userEvent.type(input, 'lovel');
  const people = within(await screen.findByRole('group', { name: 'People' }));
  expect(people.getAllByRole('option')).toHaveLength(1);
  await userEvent.click(people.getByRole('option', { name: /Ada Lovelace/ }));
  await waitFor(() => expect(screen.getByTestId('main')).toHaveTextContent('/settings/users/user_ada'));
  expect(asked(SEARCH)).toEqual([]);
});

it('says how many there are', async () => {
  const input = await open('search');
  await userEvent.type(input, 'prod');
  await waitFor(() => expect(asked(SEARCH)).toHaveLength(1));
  found[0]?.('prod-1', 'prod-2');
  expect(await screen.findByText('Clusters: 2, Audit log: 1')).toHaveAttribute('aria-live', 'polite');
});

it('remembers where it led to, for the same user', async () => {
  const input = await open('search');
  await userEvent.type(input, 'prod');
  await waitFor(() => expect(asked(SEARCH)).toHaveLength(1));
  found[0]?.('prod-1');
  await userEvent.click(await screen.findByRole('option', { name: /prod-1/ }));
  await waitFor(() => expect(screen.getByTestId('main')).toHaveTextContent('/clusters/cluster_prod-1'));
  await userEvent.click(screen.getByRole('button', { name: 'open' }));
  expect(await screen.findByRole('group', { name: 'Recent' })).toHaveTextContent('prod-1');
});

it('offers what one may, and asks for nothing else', async () => {
  answer({ 'GET /api/v1/me': me({ permissions: ['exports:read'] }) });
  const input = await open();
  const titles = screen.getAllByRole('option').map((one) => one.textContent);
  expect(titles).toContain('Go to Exports');
  expect(titles.filter((title) => /Clusters|Fleet|Audit|Import|Create|Compare|Replay/.test(title ?? ''))).toEqual([]);
  await userEvent.type(input, 'settings');
  // Where something is going to be asked, it says so at once.
  expect(screen.queryByText('Searching…')).toBeNull();
  expect(asked(SEARCH)).toEqual([]);
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
  const titles = (text: string) => fitting(actions(PERMISSIONS), text).map((one) => one.title);
  expect(titles('dark')).toEqual(['Theme: dark']);
  expect(titles('imp clu')).toEqual(['Import a cluster']);
  expect(titles('luster')).toEqual([]);
});
