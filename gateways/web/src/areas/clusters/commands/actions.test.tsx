import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { answer, asked, cluster, ID, me, problem, records, sent, show } from '../../../kit/testing';
import { ClusterActions } from './actions';
import { button } from './testing';

const open = (one: Parameters<typeof ClusterActions>[0]['cluster'], path = `/clusters/${ID}`) => show(<ClusterActions cluster={one} />, path);

describe('what can be done to a cluster', () => {
  const active = cluster({ name: 'prod', revision: 4 });

  it('is nothing in the past, for those who may not, and for what is gone', async () => {
    open(active, `/clusters/${ID}?as_of=7`);
    await waitFor(() => expect(asked('GET /api/v1/me')).toHaveLength(1));
    expect(screen.queryByRole('button')).toBeNull();
    cleanup();
    open(cluster({ status: 'decommissioned' }));
    await waitFor(() => expect(asked('GET /api/v1/me')).toHaveLength(2));
    expect(screen.queryByRole('button')).toBeNull();
    cleanup();
    answer({ 'GET /api/v1/me': me({ permissions: ['clusters:read'] }) });
    open(active);
    await waitFor(() => expect(asked('GET /api/v1/me')).toHaveLength(3));
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('decommissions only by the exact name, and only what was looked at', async () => {
    const user = userEvent.setup();
    answer({ 'DELETE /api/v1/clusters/{id}': records('cluster.decommission_requested.v1', cluster({ name: 'prod', status: 'decommissioning' })) });
    open(active);
    await user.click(await screen.findByRole('button', { name: 'Decommission' }));
    const dialog = await screen.findByRole('dialog');
    expect(await within(dialog).findByText('cluster.decommission_requested.v1')).toBeVisible();
    const confirm = within(dialog).getByRole('button', { name: 'Decommission' });
    const typed = within(dialog).getByLabelText(/Type prod to confirm/);
    await user.type(typed, 'Prod{Enter}');
    expect(confirm).toBeDisabled();
    await user.clear(typed);
    await user.type(typed, 'prod');
    await user.click(confirm);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(sent('DELETE /api/v1/clusters/{id}').map(({ headers }) => headers.get('If-Match'))).toEqual(['"4"']);
  });

  it('shows what changed meanwhile, and takes it over without losing what was written', async () => {
    const user = userEvent.setup();
    const change = records('cluster.changed.v1', cluster({ name: 'prod-x' }));
    answer({
      'GET /api/v1/clusters/{id}': cluster({ name: 'prod', revision: 5, region: 'eu-central-1' }),
      'PUT /api/v1/clusters/{id}': (command) => (command.headers.get('If-Match') === '"5"' ? change(command) : problem(412, 'precondition-failed')),
    });
    open(active);
    await user.click(await screen.findByRole('button', { name: 'Change' }));
    const name = await screen.findByRole('textbox', { name: /Name/ });
    expect(button('Preview the change')).toBeDisabled();
    await user.type(name, '-x');
    await user.click(button('Preview the change'));
    expect(await screen.findByText('Somebody changed the cluster meanwhile')).toBeVisible();
    expect(screen.getByText('us-west-2', { selector: 'del' })).toBeVisible();
    await user.click(button('Take it over and go on'));
    expect(name).toHaveValue('prod-x');
    expect(screen.getByRole('textbox', { name: /Region/ })).toHaveValue('eu-central-1');
    await user.click(button('Preview the change'));
    await user.click(await screen.findByRole('button', { name: 'Change the cluster' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(sent('PUT /api/v1/clusters/{id}').map(({ body, headers }) => [body, headers.get('If-Match')])).toEqual([[{ name: 'prod-x' }, '"5"']]);
  });
});

