import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import { anExport, answer, asked, me, PERMISSIONS, plan, problem, records, sent, show } from '../../../kit/testing';
import Exports from '../page';

const open = (path: string) => show(<Exports />, path);
const taken = () => problem(409, 'name-taken', { errors: [{ pointer: '/name', detail: 'another one has this name already' }] });

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
  open('/exports/new?step=review');
  expect(await screen.findByRole('heading', { name: 'Where to' })).toBeInTheDocument();
  await next();
  expect(screen.getByLabelText(/^Name\b(?! in)/)).toHaveFocus();
  expect(screen.getByLabelText(/^Name\b(?! in)/)).toHaveAccessibleDescription(/1 to 63/);
  await userEvent.type(screen.getByLabelText(/^Name\b(?! in)/), 'a');
  await next();
  expect(screen.getByLabelText(/^Address/)).toHaveFocus();
});

it('previews, creates, tests, and leads to the export', async () => {
  answer({
    'POST /api/v1/exports': records('export.created.v1', anExport({ name: 'splunk' })),
    'POST /api/v1/exports/{id}/test': { delivered: true, answer: 'the other side has taken the message' },
    'GET /api/v1/exports/{id}': anExport(),
  });
  const { container } = open('/exports/new');
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
  const [command] = sent('POST /api/v1/exports');
  expect(command?.body).toEqual({
    name: 'splunk',
    format: 'ocsf',
    transport: { kind: 'splunk_hec', url: 'https://splunk.example:8088', acknowledge: false },
    starts_at: 'beginning',
    credentials: { token: 'secret-1' },
  });
  expect(command?.headers.get('Reason')).toBe('audit');
  // The test reads the export: it is asked for with the position of its creation first.
  const [read] = asked('GET /api/v1/exports/{id}');
  expect(read?.query.get('min_position')).toBe('12');
  expect(asked().findIndex((one) => one === read)).toBeLessThan(asked().findIndex(({ path }) => path.endsWith('/test')));
  expect(container.innerHTML).not.toContain('secret-1');
});

it.each([
  ['the preview', true],
  ['the command', false],
])('leads back to the step and field that %s refused', async (_who, dry) => {
  answer({ 'POST /api/v1/exports': (command) => (command.dry === dry ? taken() : plan('export.created.v1')) });
  open('/exports/new');
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
  answer({ 'GET /api/v1/me': me({ permissions: PERMISSIONS.filter((one) => one !== 'exports:manage') }) });
  open('/exports/new');
  await screen.findByText(/Only administrators/);
  expect(screen.queryByRole('button', { name: 'Next' })).toBeNull();
});

it('takes an API key of Elasticsearch as a secret', async () => {
  open('/exports/new');
  await userEvent.click(await screen.findByLabelText('Elasticsearch'));
  await userEvent.click(screen.getByLabelText('With an API key'));
  const key = screen.getByLabelText(/^API key/);
  expect(key).toHaveAttribute('type', 'password');
  await put(key, 'secret-2');
  expect(key).toHaveValue('secret-2');
});
