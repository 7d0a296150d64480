import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { ClusterActions } from './actions';
import { answer, button, cluster, ID, plan, problem, sent, show } from './testing';

describe('what can be done to a cluster', { timeout: 30_000 }, () => {
  const active = cluster({ status: 'active', revision: 4 });

  it('is nothing in the past, for those who may not, and for what is gone', async () => {
    show(<ClusterActions cluster={active} />, `/clusters/${ID}?as_of=7`);
    await waitFor(() => expect(sent('GET', /me$/)).toHaveLength(1));
    expect(screen.queryByRole('button')).toBeNull();
    cleanup();
    show(<ClusterActions cluster={cluster({ status: 'decommissioned' })} />);
    await waitFor(() => expect(sent('GET', /me$/)).toHaveLength(2));
    expect(screen.queryByRole('button')).toBeNull();
    cleanup();
    answer('GET', /\/me$/, () => Response.json({ permissions: ['clusters:read'] }));
    show(<ClusterActions cluster={active} />);
    await waitFor(() => expect(sent('GET', /me$/)).toHaveLength(3));
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('decommissions only by the exact name, and only what was looked at', async () => {
    const user = userEvent.setup();
    answer('DELETE', /./, ({ query }) =>
      query.has('dry_run')
        ? plan('cluster.decommission_requested.v1')
        : Response.json(
            { id: ID, name: 'prod', status: 'decommissioning', revision: 5 },
            { status: 202, headers: { 'Ledger-Position': '9' } },
          ),
    );
    show(<ClusterActions cluster={active} />);
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
    expect(sent('DELETE', /./).map(({ headers }) => headers.get('If-Match'))).toEqual(['"4"']);
  });

  it('shows what changed meanwhile, and takes it over without losing what was written', async () => {
    const user = userEvent.setup();
    const now = cluster({ status: 'active', revision: 5, region: 'eu-central-1' });
    answer('GET', /clusters\/cluster_[^/]+$/, () => Response.json(now));
    answer('PUT', /./, ({ query, headers }) => {
      if (headers.get('If-Match') !== '"5"') return problem(412, 'precondition-failed');
      return query.has('dry_run')
        ? plan('cluster.changed.v1')
        : Response.json({ id: ID, name: 'prod-x', status: 'active', revision: 6 }, { headers: { 'Ledger-Position': '9' } });
    });
    show(<ClusterActions cluster={active} />);
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
    expect(sent('PUT', /./).map(({ body, headers }) => [body, headers.get('If-Match')])).toEqual([[{ name: 'prod-x' }, '"5"']]);
  });
});

