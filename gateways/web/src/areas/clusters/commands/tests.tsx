import { screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { address, answer, asked, cluster, goTo, ID, problem, records, sent, show } from '../../../kit/testing';
import ImportPage from './import';
import { Kept } from './kept';
import { importSteps } from './parts/watch';
import { button, importing, KUBECONFIG, pasted, SECRET, tested, told } from './testing';

const IMPORT = 'POST /api/v1/clusters';
const open = (path = '/clusters/import', ...before: string[]) => show(<ImportPage />, path, ...before);

/** As far as the test of the connection. */
async function upToTest(user: ReturnType<typeof userEvent.setup>) {
  await pasted(user);
  await user.click(button('Next'));
  await user.click(await screen.findByLabelText('AWS'));
  await user.type(screen.getByRole('textbox', { name: /Region/ }), 'us-west-2');
  await user.click(button('Next'));
  await screen.findByRole('heading', { name: 'Test the connection' });
}

async function upToReview(user: ReturnType<typeof userEvent.setup>) {
  await upToTest(user);
  await screen.findByText(/The connection works/);
  await user.click(button('Next'));
  await screen.findByRole('heading', { name: 'Review' });
}

describe('the wizard', () => {
  it('walks from a kubeconfig to an import that is watched', async () => {
    const user = userEvent.setup();
    const { container } = open();
    await pasted(user);
    expect(container.innerHTML).not.toContain(SECRET);
    expect(screen.getByLabelText(/kubernetes-admin@prod/)).toBeChecked();
    await user.click(button('Next'));
    expect(await screen.findByRole('textbox', { name: /Name/ })).toHaveValue('prod');
    await user.click(button('Next'));
    expect(screen.getByText('Choose one.')).toBeVisible();
    await user.click(screen.getByLabelText('AWS'));
    await user.type(screen.getByRole('textbox', { name: /Region/ }), 'us-west-2');
    await user.click(button('Add a label'));
    await user.type(screen.getByLabelText('Key of label 1'), 'env');
    await user.type(screen.getByLabelText('Value of label 1'), 'prod!');
    expect(screen.getByText(/A value is empty, or/)).toBeVisible();
    await user.type(screen.getByLabelText('Value of label 1'), '{Backspace}');
    await user.type(screen.getByRole('textbox', { name: 'Reason' }), 'größer');
    await user.click(button('Next'));
    expect(await screen.findByText(/Kubernetes v1.33.2, 2 of 3 nodes ready/)).toBeVisible();
    expect(asked('POST /api/v1/clusters/test')[0]?.body).toEqual({ kubeconfig: KUBECONFIG, context: 'kubernetes-admin@prod' });
    await user.click(button('Next'));
    expect(await screen.findByText('cluster.import_requested.v1')).toBeVisible();
    expect(sent(IMPORT)).toHaveLength(0);
    await user.click(button('Import the cluster'));
    expect(await screen.findByText('prod is being imported.')).toBeVisible();
    const [command] = sent(IMPORT);
    expect(command?.body).toEqual({
      name: 'prod',
      provider: 'aws',
      region: 'us-west-2',
      labels: { env: 'prod' },
      credentials: { kubeconfig: KUBECONFIG, context: 'kubernetes-admin@prod' },
    });
    expect(command?.headers.get('Idempotency-Key')).toMatch(/.{8}/);
    expect(new TextDecoder().decode(Uint8Array.from(command?.headers.get('Reason') ?? '', (byte) => byte.charCodeAt(0)))).toBe('größer');
    expect(await screen.findByRole('link', { name: 'event 7' })).toHaveAttribute('href', '/audit/at/7');
    // Nothing goes out any more with what was wiped.
    expect(asked(IMPORT).filter(({ dry }) => dry)).toHaveLength(1);
    answer({ 'GET /api/v1/clusters/{id}': cluster({ name: 'prod', nodes: { total: 1, ready: 1 } }) });
    expect(await screen.findByText(/prod is managed: Kubernetes v1.33.2, 1 of 1 node ready/)).toBeVisible();
  });

  it('goes no further with a context that the hub refuses', async () => {
    const user = userEvent.setup();
    open();
    await pasted(user);
    await user.click(screen.getByLabelText(/cloudy/));
    expect(screen.getByText(/users\.1\.user\.exec: The hub runs no programs/)).toBeVisible();
    await user.click(button('Next'));
    expect(screen.getByRole('heading', { name: 'How the hub reaches the cluster' })).toBeVisible();
  });

  it('reads a chosen file, and shows nothing of one that it cannot read', async () => {
    const user = userEvent.setup();
    const { container } = open();
    await screen.findByLabelText('Kubeconfig', { selector: 'textarea' });
    const input = container.querySelector<HTMLInputElement>('input[type=file]') as HTMLInputElement;
    await user.upload(input, new File([`token: ${SECRET}\n- bad`], 'broken.yaml'));
    expect(await screen.findByText(/Line 2:/)).toBeVisible();
    expect(container.innerHTML).not.toContain(SECRET);
    expect(screen.getByLabelText('Kubeconfig', { selector: 'textarea' })).toHaveValue('');
    await user.upload(input, new File(['x'.repeat(1_048_577)], 'large.yaml'));
    expect(await screen.findByText(/larger than 1 MiB/)).toBeVisible();
    await user.upload(input, new File([KUBECONFIG], 'good.yaml'));
    expect(await screen.findByText('good.yaml was read')).toBeVisible();
    expect(container.innerHTML).not.toContain(SECRET);
  });

  it('leads back to the field that the API names, and keeps everything else', async () => {
    const user = userEvent.setup();
    open();
    await upToReview(user);
    let taken = true;
    answer({ [IMPORT]: ({ dry }) => (dry || !taken ? undefined : problem(409, 'name-taken', { errors: [{ pointer: '/name', detail: 'is taken already' }] })) });
    await user.click(button('Import the cluster'));
    await user.click(await screen.findByRole('button', { name: 'Mend: Name' }));
    const name = await screen.findByRole('textbox', { name: /Name/ });
    await waitFor(() => expect(name).toHaveFocus());
    expect(screen.getByText('is taken already')).toBeVisible();
    expect(screen.getByRole('textbox', { name: /Region/ })).toHaveValue('us-west-2');
    await user.type(name, '-2');
    expect(screen.queryByText('is taken already')).toBeNull();
    taken = false;
    await user.click(button('Next'));
    await user.click(button('Next'));
    await user.click(await screen.findByRole('button', { name: 'Import the cluster' }));
    await screen.findByText('prod is being imported.');
    const keys = sent(IMPORT).map(({ headers }) => headers.get('Idempotency-Key'));
    expect(new Set(keys).size).toBe(2);
    expect(sent(IMPORT)[1]?.body).toMatchObject({ name: 'prod-2' });
  });

  it('goes on after a failed test where the import would be accepted, and says what comes of it', async () => {
    const user = userEvent.setup();
    answer({ 'POST /api/v1/clusters/test': () => told(tested({ name: 'permissions', code: 'permission-missing', message: 'must be allowed' })) });
    open();
    await upToTest(user);
    expect(await screen.findByText(/would stand as “Import failed”/)).toBeVisible();
    expect(screen.getByText(/kind: ClusterRole/, { selector: '[aria-label="the ClusterRole"] *' })).toBeInTheDocument();
    expect(screen.getByText('Reachable').textContent).toContain('passed');
    await user.click(button('Go on anyway'));
    expect(await screen.findByText('tested: it does not work')).toBeVisible();
  });

  it('does not go on where the import would be refused', async () => {
    const user = userEvent.setup();
    answer({
      'POST /api/v1/clusters/test': () => told(tested({ name: 'address', code: 'address-refused', message: "at /clusters/0/cluster/server: must not be on the hub's own machine" })),
      [IMPORT]: problem(422, 'invalid-body', { errors: [{ pointer: '/credentials/kubeconfig', detail: 'at /clusters/0/cluster/server: must not be' }] }),
    });
    open();
    await upToTest(user);
    expect(await screen.findByText('CLUSTERMASTER_KUBERNETES_FORBID_LOOPBACK')).toBeVisible();
    expect(button('Next')).toBeDisabled();
    await user.click(button('Mend: Kubeconfig'));
    expect(await screen.findByText('The hub refuses this kubeconfig')).toBeVisible();
  });

  it('repeats a command without an answer under one key, and says so', async () => {
    const user = userEvent.setup();
    open();
    await upToReview(user);
    let cut = 1;
    answer({
      [IMPORT]: ({ dry }) => {
        if (!dry && cut-- > 0) throw new TypeError('cut');
        return undefined;
      },
    });
    await user.click(button('Import the cluster'));
    expect(await screen.findByText(/No answer came: it is being sent again/)).toBeVisible();
    await screen.findByText('prod is being imported.');
    const keys = sent(IMPORT).map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('asks before what was put in is left behind: by the way back, by Cancel, by closing the tab', async () => {
    const user = userEvent.setup();
    open('/clusters/import', '/audit');
    await pasted(user);
    expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(false);
    await goTo(-1);
    const question = await screen.findByRole('dialog', { name: /Leave, and lose this/ });
    expect(question).toHaveAccessibleDescription(/The kubeconfig, which this page has in memory only/);
    expect(address()).toBe('/clusters/import');
    await user.click(button('Stay here'));
    expect(screen.getByText('The kubeconfig was read')).toBeVisible();
    await user.click(button('Cancel'));
    await user.click(await screen.findByRole('button', { name: 'Leave' }));
    await waitFor(() => expect(address()).toBe('/clusters'));
  });

  it('asks nobody on the way to the import that was sent, and nobody after it', async () => {
    const user = userEvent.setup();
    open('/clusters/import', '/audit');
    await upToReview(user);
    await user.click(button('Import the cluster'));
    await screen.findByText('prod is being imported.');
    expect(address()).toBe(`/clusters/import?cluster=${ID}`);
    await goTo(-1);
    expect(await screen.findByText('elsewhere')).toBeVisible();
  });

  it('offers other credentials after a failure', async () => {
    answer({ 'GET /api/v1/clusters/{id}': importing({ status: 'import_failed', failure: { code: 'unauthorized', message: 'not let in' } }) });
    const user = userEvent.setup();
    open(`/clusters/import?cluster=${ID}`);
    expect(await screen.findByText(/Not let in/)).toBeVisible();
    await user.click(button('Try again with other credentials'));
    const dialog = await screen.findByRole('dialog');
    answer({ 'PUT /api/v1/clusters/{id}': records('cluster.credentials_replaced.v1', importing({ revision: 3 })) });
    await user.click(within(dialog).getByLabelText('Kubeconfig', { selector: 'textarea' }));
    await user.paste(KUBECONFIG);
    await user.click(button('Preview the change'));
    await user.click(await screen.findByRole('button', { name: 'Change the cluster' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    const [command] = sent('PUT /api/v1/clusters/{id}');
    expect(command?.body).toEqual({ credentials: { kubeconfig: KUBECONFIG, context: 'kubernetes-admin@prod' } });
    expect(command?.headers.get('If-Match')).toBeNull();
  });
});

it('a secret tells its number only, and nothing once it is wiped', () => {
  const kept = new Kept(SECRET);
  expect(`${JSON.stringify({ kept })} ${String(kept)}`).not.toContain(SECRET);
  expect(kept.read()).toBe(SECRET);
  kept.wipe();
  expect(kept.read()).toBe('');
});

it('an import ends with the first answer of the cluster', () => {
  const types = ['health_changed.v2', 'credentials_replaced.v1', 'imported.v1', 'import_failed.v1', 'import_requested.v1'];
  expect(importSteps(types.map((type) => ({ event_type: `cluster.${type}` }))).map(({ event_type: type }) => type)).toEqual([
    'cluster.import_requested.v1',
    'cluster.import_failed.v1',
    'cluster.imported.v1',
  ]);
});
