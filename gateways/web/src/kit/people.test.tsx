import { QueryClientProvider } from '@tanstack/react-query';
import { configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';

import { stale } from '../api/live';
import { queryClient } from '../api/query';
import { PeopleBox } from './people-box';
import { shortId, Who, WhoInFull, WhoText } from './people';

// Also on a machine that has other things to do.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 8_000 });

const id = (end: string) => `user_01m8fjyn4bextr2n9x56${end.padStart(6, '0')}`;
const ADA = id('ada');
const ZOE = id('zaac');
const GONE = id('gane');

const account = (of: string, name: string | null, email: string | null, status = 'active') => ({ id: of, display_name: name, email, status, roles: ['viewer'], revision: 1 });
let permissions: string[];
let me: string;
let myName: string | null;
let asked: string[];
let pages: unknown[][];
let accounts: Record<string, unknown>;

beforeEach(() => {
  asked = [];
  permissions = ['users:read', 'audit:read'];
  me = 'user_me';
  myName = null;
  accounts = { [ADA]: account(ADA, 'Ada Lovelace', 'ada@b.example'), [GONE]: account(GONE, null, null, 'deleted') };
  pages = [[account(ADA, 'Ada Lovelace', 'ada@b.example')], [account(ZOE, 'Zoë Ágnes', 'z@b.example')]];
  vi.stubGlobal('fetch', async (what: Request | string) => {
    const url = new URL(typeof what === 'string' ? what : what.url, 'http://localhost');
    const path = url.pathname.replace('/api/v1', '');
    if (path === '/auth/refresh') return Response.json({ access_token: 't', expires_in: 900, refresh_token: null, user: { id: ADA, roles: [] } });
    if (path === '/me') return Response.json({ id: me, display_name: myName, permissions });
    asked.push(path + url.search);
    if (path === '/users') {
      const at = Number(url.searchParams.get('cursor') ?? 0);
      const next: Record<string, string> = at + 1 < pages.length ? { Link: `<http://localhost/x?cursor=${at + 1}>; rel="next"` } : {};
      return Response.json(pages[at], { headers: { 'Total-Count': '2', ...next } });
    }
    const one = accounts[path.replace('/users/', '')];
    return one ? Response.json(one) : Response.json({ type: 't', title: 'there is no such user', status: 404, code: 'user-not-found', detail: 'd' }, { status: 404 });
  });
});

function show(what: ReactNode, client = queryClient()) {
  const page = (inside: ReactNode) => (
    <QueryClientProvider client={client}>
      <MemoryRouter>{inside}</MemoryRouter>
    </QueryClientProvider>
  );
  const { rerender } = render(page(what));
  return { again: (inside: ReactNode) => rerender(page(inside)), client };
}

it('says the name, asks for each account once, and keeps the id at hand', async () => {
  show(
    <>
      <Who actor={ADA} />
      <Who actor={ADA} />
      <WhoText actor={ADA} />
    </>,
  );
  expect(screen.getAllByText('user_…000ada')).toHaveLength(3);
  const [button] = await screen.findAllByRole('button', { name: 'Ada Lovelace' });
  expect(button).toHaveAttribute('title', ADA);
  expect(asked).toEqual([`/users/${ADA}`]);
});

it('offers the id to copy, what they did, and their account', async () => {
  const browser = userEvent.setup();
  show(<Who actor={ADA} />);
  await browser.click(await screen.findByRole('button', { name: 'Ada Lovelace' }));
  const more = within(await screen.findByRole('dialog', { name: 'Ada Lovelace' }));
  expect(more.getByRole('link', { name: 'Everything by them in the audit log' })).toHaveAttribute('href', `/audit?actor=${ADA}`);
  expect(more.getByRole('link', { name: 'Their account' })).toHaveAttribute('href', `/settings/users/${ADA}`);
  await browser.click(more.getByRole('button', { name: 'Copy the id' }));
  expect(await navigator.clipboard.readText()).toBe(ADA);
});

it('asks nothing for those who may not see users, and shows the end of the id', async () => {
  permissions = [];
  me = ADA;
  show(<WhoInFull actor={ADA} />);
  expect(screen.getByText(ADA)).toBeInTheDocument();
  // It is known now what one may.
  expect(await screen.findByText('(you)')).toBeInTheDocument();
  expect(asked).toEqual([]);
  expect(shortId(ADA)).toBe('user_…000ada');
  expect(shortId('user_7')).toBe('user_7');
});

it('names oneself without asking, whatever one may', async () => {
  [permissions, me, myName] = [[], ADA, 'Ada herself'];
  show(<Who actor={ADA} />);
  expect(await screen.findByRole('button', { name: 'Ada herself' })).toBeInTheDocument();
  expect(asked).toEqual([]);
});

it('says that a user was deleted, and names the hub in words, without asking for it', async () => {
  show(
    <>
      <Who actor={GONE} />
      <Who actor="system:observer" />
      <Who actor="system:recovery" />
      <Who actor="system:new-flow" />
      <Who actor="somebody" />
    </>,
  );
  expect(await screen.findByRole('button', { name: 'Deleted user …00gane' })).toBeInTheDocument();
  for (const name of ['The hub, observing clusters', 'Operator on the command line', 'The hub (new-flow)', 'somebody']) expect(screen.getByRole('button', { name })).toBeInTheDocument();
  expect(asked).toEqual([`/users/${GONE}`]);
});

it('does not ask again for what is not there', async () => {
  const { again } = show(<Who actor={ZOE} />);
  await waitFor(() => expect(asked).toEqual([`/users/${ZOE}`]));
  again(<p>elsewhere</p>);
  again(<Who actor={ZOE} />);
  expect(await screen.findByRole('button', { name: shortId(ZOE) })).toBeInTheDocument();
  expect(asked).toEqual([`/users/${ZOE}`]);
});

it('is made old by events that change who somebody is, not by a sign-in', () => {
  expect(stale({ event_type: 'user.profile_changed.v1', target_id: ADA })).toContainEqual(['people', ADA]);
  expect(stale({ event_type: 'user.deleted.v1', target_id: ADA })).toContainEqual(['people', ADA]);
  expect(stale({ event_type: 'user.signed_in.v1', target_id: ADA }).filter(([first]) => first === 'people')).toEqual([]);
});

function box(take: (actors: string[]) => void, back = () => undefined) {
  return show(
    <>
      <label htmlFor="who">Who</label>
      <PeopleBox id="who" hub placeholder="" take={take} back={back} />
    </>,
  );
}

it('suggests by name and e-mail address, goes on to the next page where none fits, and is walked by the keyboard', async () => {
  const take = vi.fn();
  box(take);
  const input = screen.getByRole('combobox', { name: 'Who' });
  await userEvent.type(input, 'agnes');
  const option = await screen.findByRole('option', { name: /Zoë Ágnes/ });
  expect(asked.map((one) => new URLSearchParams(one.split('?')[1]).get('cursor'))).toEqual([null, '1']);
  expect(input).toHaveAttribute('aria-expanded', 'true');
  expect(input).toHaveAttribute('aria-activedescendant', option.id);
  await userEvent.keyboard('{Enter}');
  expect(take).toHaveBeenCalledWith([ZOE]);
  expect(input).toHaveValue('');
  // Both have it in their address: the arrow goes to the second one.
  await userEvent.type(input, 'b.example');
  const options = await screen.findAllByRole('option');
  expect(options).toHaveLength(2);
  await userEvent.keyboard('{ArrowDown}');
  expect(input).toHaveAttribute('aria-activedescendant', options[1]?.id);
  await userEvent.keyboard('{Escape}');
  expect(screen.queryByRole('option')).toBeNull();
  expect(input).toHaveValue('b.example');
  await userEvent.keyboard('{Escape}');
  expect(input).toHaveValue('');
});

it('takes ids as they are pasted, says what is neither, and gives the last one back', async () => {
  permissions = [];
  const [take, back] = [vi.fn(), vi.fn()];
  box(take, back);
  const input = screen.getByRole('combobox');
  await userEvent.click(input);
  await userEvent.keyboard('{Backspace}');
  expect(back).toHaveBeenCalledOnce();
  await userEvent.paste(`${ADA}, ${ZOE}`);
  await userEvent.keyboard('{Enter}');
  expect(take).toHaveBeenCalledWith([ADA, ZOE]);
  await userEvent.type(input, 'observing{Enter}');
  expect(take).toHaveBeenLastCalledWith(['system:observer']);
  await userEvent.type(input, 'nobody at all{Enter}');
  expect(screen.getByRole('status')).toHaveTextContent('Names are shown to administrators only: paste an id.');
  expect(take).toHaveBeenCalledTimes(2);
  expect(asked).toEqual([]);
});
