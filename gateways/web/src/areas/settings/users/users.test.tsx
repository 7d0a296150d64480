import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';

import type { Schemas } from '../../../api/client';
import { account, address, answer, asked, type Asked, entry, me, problem, records, sent, show } from '../../../kit/testing';
import Settings from '../page';

const ME = 'user_01m8fjyn4bextr2n9x560000me';
const ADA = 'user_01m8fjyn4bextr2n9x56000ada';
const ONE = 'GET /api/v1/users/{id}';
const CREATE = 'POST /api/v1/users';
const CHANGE = 'PUT /api/v1/users/{id}';
const DELETE = 'DELETE /api/v1/users/{id}';

const ada = (some: Partial<Schemas['User']> = {}) => account({ id: ADA, email: 'ada@b.example', display_name: 'Ada', roles: ['operator'], created_by: 'system:bootstrap', updated_by: ME, ...some });
const summary = (some: Partial<Schemas['UserSummary']> = {}): Schemas['UserSummary'] => ({ id: ADA, status: 'active', roles: ['viewer'], revision: 4, ...some });

const may = (...permissions: string[]) => answer({ 'GET /api/v1/me': me({ id: ME, email: 'me@b.example', display_name: 'Me', roles: ['admin'], permissions }) });
const has = (user: Schemas['User']) => answer({ [ONE]: ({ id }) => (id === user.id ? user : undefined) });

beforeEach(() => {
  may('users:read', 'users:manage', 'self:manage', 'audit:read');
  has(ada({ id: ME, display_name: 'Me' }));
  has(ada());
  answer({
    'GET /api/v1/users': [ada()],
    'GET /api/v1/audit-logs': [entry(1, { id: 'entry-1', event_type: 'cluster.changed.v1', outcome: 'refused', summary: 'it was refused' })],
    [CREATE]: records('user.created.v1', summary({ one_time_password: 'ONCE-AND-NEVER-AGAIN' }), 77),
    [CHANGE]: records('user.changed.v1', summary(), 77),
    [DELETE]: records('user.deleted.v1', summary(), 77),
  });
});

const open = (at: string) => show(<Settings />, at);
/** Whatever was to change something, and the dry runs of it. */
const tried = () => asked().filter(({ method, path }) => method !== 'GET' && !path.startsWith('/api/v1/auth/'));
const commands = () => tried().filter(({ dry }) => !dry);
const match = (one?: Asked) => one?.headers.get('If-Match');
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }));

async function fillIn() {
  const shown = open('/settings/users');
  await userEvent.click(await screen.findByRole('button', { name: 'Create a user' }));
  await userEvent.type(await screen.findByLabelText(/^Name/), ' Ada ');
  await userEvent.type(screen.getByLabelText(/^E-mail/), 'ada@b.example');
  await userEvent.click(screen.getByLabelText(/^Viewer/));
  return shown;
}

it('creates an account after a preview, and shows its one-time password once', async () => {
  const { client } = await fillIn();
  await press('Preview the account');
  expect(await screen.findByRole('heading', { name: 'What will be recorded' })).toBeInTheDocument();
  await press('Create the account');
  expect(await screen.findByText('ONCE-AND-NEVER-AGAIN')).toBeInTheDocument();
  expect(tried().map(({ method, path, dry, body }) => ({ method, path, dry, body }))).toEqual([true, false].map((dry) => ({ method: 'POST', path: '/api/v1/users', dry, body: { email: 'ada@b.example', display_name: 'Ada', roles: ['viewer'] } })));
  expect(sent(CREATE)[0]?.headers.get('Idempotency-Key')).toBeTruthy();
  // Behind the dialog.
  expect(screen.getByRole('link', { name: 'See the recorded event', hidden: true })).toHaveAttribute('href', '/audit/at/77');
  // Not even Escape loses it, and nothing keeps it.
  await userEvent.keyboard('{Escape}');
  expect(screen.getByText('ONCE-AND-NEVER-AGAIN')).toBeInTheDocument();
  const kept = JSON.stringify([client.getMutationCache().getAll().map(({ state }) => state), client.getQueryCache().getAll().map(({ state }) => state.data), { ...localStorage }, { ...sessionStorage }]);
  expect(kept).not.toContain('ONCE-AND-NEVER-AGAIN');
  await press('I have noted it');
  await waitFor(() => expect(address()).toBe(`/settings/users/${ADA}`));
  expect(screen.queryByText('ONCE-AND-NEVER-AGAIN')).toBeNull();
});

it('says so where the answer with the one-time password was lost', async () => {
  answer({ [CREATE]: ({ dry }) => (dry ? undefined : Response.json(summary({ revision: 0 }), { status: 201, headers: { 'Idempotent-Replayed': 'true', 'Ledger-Position': '77' } })) });
  await fillIn();
  await press('Preview the account');
  await userEvent.click(await screen.findByRole('button', { name: 'Create the account' }));
  expect(await screen.findByText(/Give the account a new password/)).toBeInTheDocument();
});

it('says beside its field what is wrong, before and after the hub was asked', async () => {
  open('/settings/users');
  await userEvent.click(await screen.findByRole('button', { name: 'Create a user' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Preview the account' }));
  expect(screen.getByLabelText(/^Name/)).toHaveAccessibleDescription(/1 to 200 characters/);
  expect(screen.getByText('At least one role.')).toBeInTheDocument();
  expect(tried()).toEqual([]);
  answer({ [CREATE]: problem(409, 'name-taken', { errors: [{ pointer: '/email', detail: 'another one has this name already' }] }) });
  await userEvent.type(screen.getByLabelText(/^Name/), 'Ada');
  await userEvent.type(screen.getByLabelText(/^E-mail/), 'ada@b.example');
  await userEvent.click(screen.getByLabelText(/^Viewer/));
  await press('Preview the account');
  await waitFor(() => expect(screen.getByLabelText(/^E-mail/)).toHaveAccessibleDescription(/Another account signs in with this address already/));
});

it('offers to those who may only look nothing to change, and nobody anything in the past', async () => {
  may('users:read');
  open(`/settings/users/${ADA}`);
  expect(await screen.findByRole('heading', { level: 1, name: 'Ada' })).toBeInTheDocument();
  for (const name of ['Change', 'Disable', 'Delete', 'New password']) expect(screen.queryByRole('button', { name })).toBeNull();
  expect(asked('GET /api/v1/audit-logs')).toEqual([]);
});

it('shows an account as it was, without anything to do about it', async () => {
  open(`/settings/users/${ADA}?as_of=7`);
  const doings = await screen.findByRole('list', { name: /newest/ });
  expect(within(doings).getByRole('link', { name: 'Cluster: changed' })).toHaveAttribute('href', '/audit/entry-1');
  expect(screen.getByRole('link', { name: 'Everything by them' })).toHaveAttribute('href', `/audit?actor=${ADA}&as_of=7`);
  const questions = asked(ONE).filter(({ id }) => id === ADA);
  expect(questions).not.toEqual([]);
  expect(questions.every(({ query }) => query.get('as_of') === '7')).toBe(true);
  expect(screen.queryByRole('button', { name: 'Change' })).toBeNull();
});

it('changes what was changed and nothing else, at the revision that was seen', async () => {
  open(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  await userEvent.click(await screen.findByLabelText(/^Administrator/));
  await press('Preview the change');
  await userEvent.type(await screen.findByLabelText('Reason'), 'promotion');
  await press('Change the account');
  await waitFor(() => expect(commands()).toHaveLength(1));
  const [preview, command] = asked(CHANGE);
  expect(command).toMatchObject({ id: ADA, dry: false, body: { roles: ['admin', 'operator'] } });
  expect(preview?.dry).toBe(true);
  expect([preview, command].map(match)).toEqual(['"3"', '"3"']);
});

it('tells what somebody else changed meanwhile, and goes on from there', async () => {
  answer({ [CHANGE]: (one) => (match(one) === '"3"' ? problem(412, 'precondition-failed') : undefined) });
  open(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  await userEvent.clear(await screen.findByLabelText(/^Name/));
  await userEvent.type(screen.getByLabelText(/^Name/), 'Ada L.');
  has(ada({ revision: 5, roles: ['viewer'] }));
  await press('Preview the change');
  expect(await screen.findByRole('heading', { name: /Somebody changed the account meanwhile/ })).toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Preview the change' })).toBeDisabled();
  await press('Take it over and go on');
  expect(screen.getByLabelText(/^Viewer/)).toBeChecked();
  expect(screen.getByLabelText(/^Name/)).toHaveValue('Ada L.');
  await press('Preview the change');
  await screen.findByRole('heading', { name: 'What will be recorded' });
  const last = tried().at(-1);
  expect(match(last)).toBe('"5"');
  expect(last?.body).toMatchObject({ display_name: 'Ada L.' });
});

it('deletes only once the name was typed, and says what that means', async () => {
  open(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  expect(await screen.findByText(/name and e-mail address are shown nowhere any more/)).toBeInTheDocument();
  await waitFor(() => expect(tried()).toHaveLength(1));
  expect(screen.getByRole('button', { name: 'Delete the account' })).toBeDisabled();
  await userEvent.type(screen.getByLabelText(/^Type Ada to confirm/), 'Ada');
  await press('Delete the account');
  await waitFor(() => expect(commands()).toHaveLength(1));
  const [command] = sent(DELETE);
  expect(command?.id).toBe(ADA);
  expect(match(command)).toBe('"3"');
});

it('enables what is disabled, and shows a refusal of the hub as it is', async () => {
  has(ada({ status: 'disabled' }));
  answer({ [CHANGE]: ({ dry }) => (dry ? undefined : problem(409, 'own-account', { detail: 'detail of own-account' })) });
  open(`/settings/users/${ADA}`);
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
  open(`/settings/users/${ME}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  expect(await screen.findByLabelText(/^Operator/)).toBeDisabled();
  await press('Cancel');
  expect(screen.queryByRole('button', { name: 'Disable' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  expect(screen.getByText(/This is you/)).toBeInTheDocument();
});

it('changes one’s own password without keeping it, and says that one signs in again', async () => {
  may('self:manage');
  const { client } = open('/settings');
  await userEvent.click(await screen.findByRole('button', { name: 'Change my password' }));
  await userEvent.type(await screen.findByLabelText(/^New password/), 'a-long-secret-1');
  await userEvent.type(screen.getByLabelText(/^The new password again/), 'another');
  await press('Preview the change');
  expect(screen.getByText('It is not the same as above.')).toBeInTheDocument();
  expect(tried()).toEqual([]);
  await userEvent.clear(screen.getByLabelText(/^The new password again/));
  await userEvent.type(screen.getByLabelText(/^The new password again/), 'a-long-secret-1');
  await press('Preview the change');
  expect(await screen.findByText(/All your sessions end, this one as well/)).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Change my password' }));
  expect(await screen.findByText('Your password was changed')).toBeInTheDocument();
  const [command] = commands();
  expect(command).toMatchObject({ path: `/api/v1/users/${ME}`, body: { password: 'a-long-secret-1' } });
  expect(match(command)).toBeNull();
  expect(JSON.stringify(client.getMutationCache().getAll().map(({ state }) => state))).not.toContain('a-long-secret-1');
});

it('makes up a password for somebody else, sends it and shows it once', async () => {
  open(`/settings/users/${ADA}`);
  await userEvent.click(await screen.findByRole('button', { name: 'New password' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Preview the change' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Set the new password' }));
  await screen.findByRole('button', { name: 'I have noted it' });
  const { password: made } = sent(CHANGE)[0]?.body as { password: string };
  expect(made).toMatch(/^[A-HJ-NP-Z2-9]{20}$/);
  expect(screen.getByText(made)).toBeInTheDocument();
  expect(tried()[0]?.body).toEqual({ password: made });
});

it('finds an account by its name, and goes there', async () => {
  open('/settings/users');
  await userEvent.type(await screen.findByRole('combobox', { name: 'Find an account' }), 'ad');
  await userEvent.click(await screen.findByRole('option', { name: /Ada/ }));
  await waitFor(() => expect(address()).toBe(`/settings/users/${ADA}`));
});
