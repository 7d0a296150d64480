import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';

import { stale } from '../api/live';
import { PeopleBox } from './people-box';
import { shortId, Who, WhoInFull, WhoText } from './people';
import { account, answer, asked, goTo, me, page, problem, show } from './testing';

const id = (end: string) => `user_01m8fjyn4bextr2n9x56${end.padStart(6, '0')}`;
const ADA = id('ada');
const ZOE = id('zaac');
const GONE = id('gane');

const ada = account({ id: ADA, display_name: 'Ada Lovelace', email: 'ada@b.example' });
const zoe = account({ id: ZOE, display_name: 'Zoë Ágnes', email: 'z@b.example' });
const gone = account({ id: GONE, email: null, status: 'deleted' });

const am = (permissions: string[], some: Parameters<typeof me>[0] = {}) => answer({ 'GET /api/v1/me': me({ permissions, ...some }) });

beforeEach(() => {
  am(['users:read', 'audit:read']);
  answer({
    'GET /api/v1/users': ({ query }) => (query.get('cursor') === '1' ? page([zoe], 2) : page([ada], 2, '1')),
    'GET /api/v1/users/{id}': (one) => [ada, gone].find((known) => known.id === one.id) ?? problem(404, 'user-not-found'),
  });
});

/** What was asked, but for who one is oneself. */
const questions = () =>
  asked()
    .filter(({ path }) => !['/api/v1/me', '/api/v1/auth/refresh'].includes(path))
    .map(({ path, query }) => [path.replace('/api/v1', ''), query.toString()].filter(Boolean).join('?'));

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
  expect(questions()).toEqual([`/users/${ADA}`]);
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
  am([], { id: ADA });
  show(<WhoInFull actor={ADA} />);
  expect(screen.getByText(ADA)).toBeInTheDocument();
  // It is known now what one may.
  expect(await screen.findByText('(you)')).toBeInTheDocument();
  expect(questions()).toEqual([]);
  expect(shortId(ADA)).toBe('user_…000ada');
  expect(shortId('user_7')).toBe('user_7');
});

it('names oneself without asking, whatever one may', async () => {
  am([], { id: ADA, display_name: 'Ada herself' });
  show(<Who actor={ADA} />);
  expect(await screen.findByRole('button', { name: 'Ada herself' })).toBeInTheDocument();
  expect(questions()).toEqual([]);
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
  expect(questions()).toEqual([`/users/${GONE}`]);
});

it('does not ask again for what is not there', async () => {
  show(<Who actor={ZOE} />, '/here');
  await waitFor(() => expect(questions()).toEqual([`/users/${ZOE}`]));
  await goTo('/there');
  expect(screen.getByText('elsewhere')).toBeInTheDocument();
  await goTo('/here');
  expect(await screen.findByRole('button', { name: shortId(ZOE) })).toBeInTheDocument();
  expect(questions()).toEqual([`/users/${ZOE}`]);
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
  expect(asked('GET /api/v1/users').map(({ query }) => query.get('cursor'))).toEqual([null, '1']);
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
  am([]);
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
  expect(questions()).toEqual([]);
});
