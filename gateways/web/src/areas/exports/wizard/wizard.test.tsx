import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import { ADMIN, anExport, hub, plan, problem, show } from '../testing';

const next = () => userEvent.click(screen.getByRole('button', { name: 'Next' }));

async function put(field: HTMLElement, text: string) {
  await userEvent.click(field);
  await userEvent.paste(text);
}

async function fillSplunk() {
  await put(await screen.findByLabelText(/^Name\b(?! in)/), 'splunk');
  await userEvent.click(screen.getByLabelText('Splunk HEC'));
  await put(screen.getByLabelText(/^Address/), 'https://splunk.example:8088');
  await put(screen.getByLabelText(/^Token/), 'secret-1');
}

it('goes no step further than the fields let it, and leads to the first that is wrong', async () => {
  hub({});
  show('/exports/new?step=review');
  expect(await screen.findByRole('heading', { name: 'Where to' })).toBeInTheDocument();
  await next();
  expect(screen.getByLabelText(/^Name\b(?! in)/)).toHaveFocus();
  expect(screen.getByLabelText(/^Name\b(?! in)/)).toHaveAccessibleDescription(/1 to 63/);
  await userEvent.type(screen.getByLabelText(/^Name\b(?! in)/), 'a');
  await next();
  expect(screen.getByLabelText(/^Address/)).toHaveFocus();
});

it('previews, creates, tests, and leads to the export', async () => {
  const log = hub({
    'POST /api/v1/exports?dry_run=true': () => plan('export.created.v1'),
    'POST /api/v1/exports/export_1/test': () => Response.json({ delivered: true, answer: 'the other side has taken the message' }),
    'POST /api/v1/exports': () => Response.json({ id: 'export_1', name: 'splunk' }, { status: 201, headers: { 'Ledger-Position': '12' } }),
    'GET /api/v1/exports/export_1': () => Response.json(anExport()),
  });
  const { container } = show('/exports/new');
  await fillSplunk();
  expect(screen.getByLabelText(/^Token/)).toHaveAttribute('type', 'password');
  await next();
  expect(await screen.findByRole('heading', { name: 'What' })).toHaveFocus();
  await userEvent.click(screen.getByLabelText('The beginning'));
  await next();
  await screen.findByText('export.created.v1');
  await userEvent.type(screen.getByLabelText('Reason'), 'audit');
  await userEvent.click(screen.getByRole('button', { name: 'Create the export' }));
  expect(await screen.findByText(/has taken the message/)).toBeInTheDocument();
  expect(screen.getByRole('link', { name: 'Go to the export' })).toHaveAttribute('href', '/exports/export_1');
  const sent = log.find(({ what }) => what === 'POST /api/v1/exports');
  expect(sent?.body).toEqual({
    name: 'splunk',
    format: 'ocsf',
    transport: { kind: 'splunk_hec', url: 'https://splunk.example:8088', acknowledge: false },
    starts_at: 'beginning',
    credentials: { token: 'secret-1' },
  });
  expect(sent?.headers.get('Reason')).toBe('audit');
  // The test reads the export: it is asked for with the position of its creation first.
  expect(log.findIndex(({ what }) => what.startsWith('GET /api/v1/exports/export_1?min_position=12'))).toBeLessThan(log.findIndex(({ what }) => what.endsWith('/test')));
  expect(container.innerHTML).not.toContain('secret-1');
});

it.each([
  ['the preview', true],
  ['the command', false],
])('leads back to the step and field that %s refused', async (_who, dry) => {
  hub({
    'POST /api/v1/exports?dry_run=true': () => (dry ? problem(409, '/name', 'another one has this name already') : plan('export.created.v1')),
    'POST /api/v1/exports': () => problem(409, '/name', 'another one has this name already'),
  });
  show('/exports/new');
  await fillSplunk();
  await next();
  await screen.findByRole('heading', { name: 'What' });
  await next();
  if (!dry) {
    await screen.findByText('export.created.v1');
    await userEvent.click(screen.getByRole('button', { name: 'Create the export' }));
  }
  await screen.findByRole('heading', { name: 'Where to' });
  const name = screen.getByLabelText(/^Name\b(?! in)/);
  await waitFor(() => expect(name).toHaveFocus());
  expect(name).toHaveAccessibleDescription(/another one has this name already/);
  // Nothing that was typed is lost.
  expect(name).toHaveValue('splunk');
  expect(screen.getByLabelText(/^Token/)).toHaveValue('secret-1');
  await userEvent.type(name, '-2');
  expect(name).not.toHaveAccessibleDescription(/another one/);
});

it('is for those who manage exports', async () => {
  hub({}, ADMIN.filter((one) => one !== 'exports:manage'));
  show('/exports/new');
  await screen.findByText(/Only administrators/);
  expect(screen.queryByRole('button', { name: 'Next' })).toBeNull();
});

it('takes an API key of Elasticsearch as a secret', async () => {
  hub({});
  show('/exports/new');
  await userEvent.click(await screen.findByLabelText('Elasticsearch'));
  await userEvent.click(screen.getByLabelText('With an API key'));
  const key = screen.getByLabelText(/^API key/);
  expect(key).toHaveAttribute('type', 'password');
  await put(key, 'secret-2');
  expect(key).toHaveValue('secret-2');
});
