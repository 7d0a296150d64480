import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { spell, verdict } from './parts/words';
import { anExport, hub, list, plan, problem, show } from './testing';

describe('the list', () => {
  it('says of each where to and how far behind, and of nobody knows what not nought', async () => {
    hub({ 'GET /api/v1/exports': () => list([anExport({ lag_events: 1200, lag_seconds: 94, dead_letters: 2 }), anExport({ id: 'export_2', name: 'new', lag_events: null, lag_seconds: null, dead_letters: null, cursor: null })]) });
    show('/exports');
    const row = (await screen.findByRole('link', { name: 'siem' })).closest('tr') as HTMLElement;
    expect(row).toHaveTextContent('Syslog (TLS) siem.example:6514');
    expect(row).toHaveTextContent(/1.?200\sevents, 1 min 34 s/);
    expect(within(row).getByRole('link', { name: /^2 dead letters of / })).toHaveAttribute('href', '/exports/export_1/dead-letters');
    expect((screen.getByRole('link', { name: 'new' }).closest('tr') as HTMLElement).textContent).toMatch(/not known.*not known/);
  });

  it('filters on the server, by what stands in the address', async () => {
    const log = hub({ 'GET /api/v1/exports': () => list([anExport()]) });
    show('/exports');
    await userEvent.selectOptions(await screen.findByLabelText('Status'), 'paused');
    await userEvent.type(screen.getByLabelText('Name, in full'), 'siem{Enter}');
    await waitFor(() => expect(log.some(({ what }) => what.includes('status=paused') && what.includes('name=siem'))).toBe(true));
    expect(screen.getByTestId('here')).toHaveTextContent('status=paused');
  });

  it('says what an export is for where there is none, and lets only those create one who may', async () => {
    hub({ 'GET /api/v1/exports': () => list([]) }, ['exports:read']);
    show('/exports');
    await screen.findByText('No exports yet');
    expect(screen.queryByRole('link', { name: /Create/ })).toBeNull();
  });

  it('asks of the past for the past, and shows no numbers of it', async () => {
    const log = hub({ 'GET /api/v1/exports': () => list([anExport({ lag_events: null })]) });
    show('/exports?as_of=7');
    expect(await screen.findByRole('link', { name: 'siem' })).toHaveAttribute('href', '/exports/export_1?as_of=7');
    expect(log.some(({ what }) => what.includes('as_of=7'))).toBe(true);
    expect(screen.queryByText('Lag')).toBeNull();
    expect(screen.queryByRole('link', { name: /Create/ })).toBeNull();
  });
});

describe('one export', () => {
  const one = { 'GET /api/v1/exports/export_1': () => Response.json(anExport()) };

  it('is deleted only by its name, at the revision that was looked at', async () => {
    const log = hub({
      ...one,
      'DELETE /api/v1/exports/export_1?dry_run=true': () => plan('export.deleted.v1'),
      'DELETE /api/v1/exports/export_1': () => Response.json({ id: 'export_1' }, { headers: { 'Ledger-Position': '12' } }),
    });
    show('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
    const dialog = await screen.findByRole('dialog');
    await within(dialog).findByText('export.deleted.v1');
    const confirm = within(dialog).getByRole('button', { name: 'Delete' });
    expect(confirm).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText(/Type siem/), 'sie');
    expect(confirm).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText(/Type siem/), 'm');
    await userEvent.click(confirm);
    await waitFor(() => expect(screen.getByTestId('here')).toHaveTextContent(/^\/exports$/));
    const sent = log.find(({ what }) => what === 'DELETE /api/v1/exports/export_1');
    expect(sent?.headers.get('If-Match')).toBe('"3"');
    expect(sent?.headers.get('Idempotency-Key')).toBeTruthy();
  });

  it('is replayed from the first event at a date', async () => {
    const log = hub({
      ...one,
      'GET /api/v1/audit-logs': () => list([{ position: 42, recorded_at: '2026-01-02T10:00:03Z', summary: 'cluster was imported' }]),
      'POST /api/v1/exports/export_1/replay?dry_run=true': () => plan('export.replayed.v1', { from: 42 }),
      'POST /api/v1/exports/export_1/replay': () => Response.json({ id: 'export_1' }, { headers: { 'Ledger-Position': '12' } }),
    });
    show('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Replay' }));
    const dialog = await screen.findByRole('dialog');
    const confirm = within(dialog).getByRole('button', { name: 'Replay' });
    expect(confirm).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText('Date and time'), '2026-01-02T10:00');
    await within(dialog).findByText(/position 42/);
    const lookup = new URL(log.find(({ what }) => what.includes('audit-logs'))?.what.split(' ')[1] ?? '', 'http://x').searchParams;
    expect(lookup.get('from')).toBe(new Date('2026-01-02T10:00').toISOString());
    expect([lookup.get('sort'), lookup.get('limit')]).toEqual(['recorded_at', '1']);
    await waitFor(() => expect(confirm).toBeEnabled());
    await userEvent.click(confirm);
    await waitFor(() => expect(log.find(({ what }) => what === 'POST /api/v1/exports/export_1/replay')?.body).toEqual({ from: 42 }));
  });

  it('replays nothing where nothing was recorded since', async () => {
    hub({ ...one, 'GET /api/v1/audit-logs': () => list([]) });
    show('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Replay' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.type(within(dialog).getByLabelText('Date and time'), '2030-01-02T10:00');
    await within(dialog).findByText(/nothing to replay/);
    expect(within(dialog).getByRole('button', { name: 'Replay' })).toBeDisabled();
  });

  it('says beside the field that the ledger does not reach so far', async () => {
    hub({ ...one, 'POST /api/v1/exports/export_1/replay?dry_run=true': () => problem(422, '/from', 'must be a ledger position from 1 to 25') });
    show('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Replay' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.click(within(dialog).getByLabelText('From a ledger position'));
    await userEvent.type(within(dialog).getByLabelText('Ledger position'), '9');
    await within(dialog).findByText(/from 1 to 25/);
    expect(within(dialog).getByRole('button', { name: 'Replay' })).toBeDisabled();
  });

  it('shows what the other side said to the test', async () => {
    hub({ ...one, 'POST /api/v1/exports/export_1/test': () => Response.json({ delivered: false, answer: 'no answer within 20 seconds' }) });
    show('/exports/export_1');
    await userEvent.click(await screen.findByRole('button', { name: 'Test' }));
    expect(await screen.findByText(/no answer within 20 seconds/)).toBeInTheDocument();
    expect(screen.getByText(/did not arrive/)).toBeInTheDocument();
  });

  it('offers nothing to those who may only look, and nothing in the past', async () => {
    hub(one, ['exports:read']);
    show('/exports/export_1');
    await screen.findByRole('heading', { name: 'How it is doing' });
    expect(screen.queryByRole('button', { name: 'Delete' })).toBeNull();
  });
});

it('tries all dead letters again', async () => {
  const log = hub({
    'GET /api/v1/exports/export_1/dead-letters': () => list([{ event_id: 'e', event_type: 'cluster.imported.v1', position: 7, attempts: 3, error: 'mapper_parsing_exception', since: '2026-01-01T00:00:00Z' }]),
    'GET /api/v1/exports/export_1': () => Response.json(anExport({ dead_letters: 1 })),
    'POST /api/v1/exports/export_1/dead-letters/retry?dry_run=true': () => plan('export.dead_letters_retried.v1'),
    'POST /api/v1/exports/export_1/dead-letters/retry': () => Response.json({ id: 'export_1' }, { headers: { 'Ledger-Position': '12' } }),
  });
  show('/exports/export_1/dead-letters');
  await screen.findByText('mapper_parsing_exception');
  await userEvent.click(await screen.findByRole('button', { name: 'Try all again' }));
  const dialog = await screen.findByRole('dialog');
  await within(dialog).findByText('export.dead_letters_retried.v1');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Try all again' }));
  await waitFor(() => expect(log.some(({ what }) => what === 'POST /api/v1/exports/export_1/dead-letters/retry')).toBe(true));
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
