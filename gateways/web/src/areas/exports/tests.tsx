import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';

import { address, anExport, answer, asked, entry, me, problem, records, sent, show } from '../../kit/testing';
import Exports from './page';
import { spell, verdict } from './parts/words';

const open = (path: string) => show(<Exports />, path);

describe('the list', () => {
  it('says of each where to and how far behind, and of nobody knows what not nought', async () => {
    answer({ 'GET /api/v1/exports': [anExport({ lag_events: 1200, lag_seconds: 94, dead_letters: 2 }), anExport({ id: 'export_2', name: 'new', lag_events: null, lag_seconds: null, dead_letters: null, cursor: null })] });
    open('/exports');
    const row = (await screen.findByRole('link', { name: 'siem' })).closest('tr') as HTMLElement;
    expect(row).toHaveTextContent('Syslog (TLS) siem.example:6514');
    expect(row).toHaveTextContent(/1.?200\sevents, 1 min 34 s/);
    expect(within(row).getByRole('link', { name: /^2 dead letters of / })).toHaveAttribute('href', '/exports/export_1/dead-letters');
    expect((screen.getByRole('link', { name: 'new' }).closest('tr') as HTMLElement).textContent).toMatch(/not known.*not known/);
  });

  it('filters on the server, by what stands in the address', async () => {
    answer({ 'GET /api/v1/exports': [anExport()] });
    open('/exports');
    await userEvent.selectOptions(await screen.findByLabelText('Status'), 'paused');
    await userEvent.type(screen.getByLabelText('Name, in full'), 'siem{Enter}');
    await waitFor(() => expect(asked('GET /api/v1/exports').some(({ query }) => query.get('status') === 'paused' && query.get('name') === 'siem')).toBe(true));
    expect(address()).toContain('status=paused');
  });

  it('says what an export is for where there is none, and lets only those create one who may', async () => {
    answer({ 'GET /api/v1/me': me({ permissions: ['exports:read'] }) });
    open('/exports');
    await screen.findByText('No exports yet');
    expect(screen.queryByRole('link', { name: /Create/ })).toBeNull();
  });

  it('asks of the past for the past, and shows no numbers of it', async () => {
    answer({ 'GET /api/v1/exports': [anExport({ lag_events: null })] });
    open('/exports?as_of=7');
    expect(await screen.findByRole('link', { name: 'siem' })).toHaveAttribute('href', '/exports/export_1?as_of=7');
    expect(asked('GET /api/v1/exports')[0]?.query.get('as_of')).toBe('7');
    expect(screen.queryByText('Lag')).toBeNull();
    expect(screen.queryByRole('link', { name: /Create/ })).toBeNull();
  });
});

describe('one export', () => {
  beforeEach(() => answer({ 'GET /api/v1/exports/{id}': anExport() }));

  it('is deleted only by its name, at the revision that was looked at', async () => {
    let say: () => void = () => undefined;
    const deleted = records('export.deleted.v1', anExport());
    answer({ 'DELETE /api/v1/exports/{id}': (one) => (one.dry ? deleted(one) : new Promise((resolve) => (say = () => resolve(deleted(one))))) });
    open('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
    const dialog = await screen.findByRole('dialog');
    await within(dialog).findByText('export.deleted.v1');
    const confirm = within(dialog).getByRole('button', { name: 'Delete' });
    expect(confirm).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText(/Type siem/), 'sie');
    expect(confirm).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText(/Type siem/), 'm');
    await userEvent.click(confirm);
    // While it is under way leaving would ask; its own way on does not.
    await waitFor(() => expect(sent('DELETE /api/v1/exports/{id}')).toHaveLength(1));
    act(say);
    await waitFor(() => expect(address()).toBe('/exports'));
    expect(screen.queryByRole('dialog')).toBeNull();
    const [command] = sent('DELETE /api/v1/exports/{id}');
    expect(command?.headers.get('If-Match')).toBe('"3"');
    expect(command?.headers.get('Idempotency-Key')).toBeTruthy();
  });

  it('is replayed from the first event at a date', async () => {
    answer({
      'GET /api/v1/audit-logs': [entry(42, { recorded_at: '2026-01-02T10:00:03Z' })],
      'POST /api/v1/exports/{id}/replay': records('export.replayed.v1', anExport()),
    });
    open('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Replay' }));
    const dialog = await screen.findByRole('dialog');
    const confirm = within(dialog).getByRole('button', { name: 'Replay' });
    expect(confirm).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText('Date and time'), '2026-01-02T10:00');
    await within(dialog).findByText(/position 42/);
    const query = asked('GET /api/v1/audit-logs')[0]?.query;
    expect(query?.get('from')).toBe(new Date('2026-01-02T10:00').toISOString());
    expect([query?.get('sort'), query?.get('limit')]).toEqual(['recorded_at', '1']);
    await waitFor(() => expect(confirm).toBeEnabled());
    await userEvent.click(confirm);
    await waitFor(() => expect(sent('POST /api/v1/exports/{id}/replay')[0]?.body).toEqual({ from: 42 }));
  });

  it('replays nothing where nothing was recorded since', async () => {
    open('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Replay' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.type(within(dialog).getByLabelText('Date and time'), '2030-01-02T10:00');
    await within(dialog).findByText(/nothing to replay/);
    expect(within(dialog).getByRole('button', { name: 'Replay' })).toBeDisabled();
  });

  it('says beside the field that the ledger does not reach so far', async () => {
    answer({ 'POST /api/v1/exports/{id}/replay': problem(422, 'invalid-body', { errors: [{ pointer: '/from', detail: 'must be a ledger position from 1 to 25' }] }) });
    open('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Replay' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.click(within(dialog).getByLabelText('From a ledger position'));
    await userEvent.type(within(dialog).getByLabelText('Ledger position'), '9');
    await within(dialog).findByText(/from 1 to 25/);
    expect(within(dialog).getByRole('button', { name: 'Replay' })).toBeDisabled();
  });

  it('shows what the other side said to the test', async () => {
    answer({ 'POST /api/v1/exports/{id}/test': { delivered: false, answer: 'no answer within 20 seconds' } });
    open('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Test' }));
    expect(await screen.findByText(/no answer within 20 seconds/)).toBeInTheDocument();
    expect(screen.getByText(/did not arrive/)).toBeInTheDocument();
  });

  it('offers nothing to those who may only look, and nothing in the past', async () => {
    answer({ 'GET /api/v1/me': me({ permissions: ['exports:read'] }) });
    open('/exports/export_1');
    await screen.findByRole('heading', { name: 'How it is doing' });
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  });
});

it('tries all dead letters again', async () => {
  answer({
    'GET /api/v1/exports/{id}/dead-letters': [{ event_id: 'e', event_type: 'cluster.imported.v1', position: 7, attempts: 3, error: 'mapper_parsing_exception', since: '2026-01-01T00:00:00Z' }],
    'GET /api/v1/exports/{id}': anExport({ dead_letters: 1 }),
    'POST /api/v1/exports/{id}/dead-letters/retry': records('export.dead_letters_retried.v1', anExport()),
  });
  open('/exports/export_1/dead-letters');
  await screen.findByText('mapper_parsing_exception');
  await userEvent.click(await screen.findByRole('button', { name: 'Try all again' }));
  const dialog = await screen.findByRole('dialog');
  await within(dialog).findByText('export.dead_letters_retried.v1');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Try all again' }));
  await waitFor(() => expect(sent('POST /api/v1/exports/{id}/dead-letters/retry')).toHaveLength(1));
});

describe('how it is said', () => {
  it('tells paused, failing, behind and well apart', () => {
    expect(verdict(anExport()).kind).toBe('well');
    expect(verdict(anExport({ lag_events: 3 })).kind).toBe('behind');
    expect(verdict(anExport({ lag_events: 3, failures: 1 })).kind).toBe('failing');
    expect(verdict(anExport({ status: 'paused', failures: 1 })).kind).toBe('paused');
    expect(verdict(anExport({ cursor: null })).kind).toBe('unknown');
    expect(verdict(anExport({ status: 'deleted', failures: 1 })).kind).toBe('deleted');
  });

  it('spells spans of time', () => {
    expect([0.2, 59, 61, 3600, 90_061].map(spell)).toEqual(['0 s', '59 s', '1 min 1 s', '1 h', '1 d 1 h']);
  });
});
