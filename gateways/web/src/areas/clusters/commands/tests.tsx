import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { MemoryRouter, Route, Routes } from 'react-router';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { queryClient } from '../../../api/query';
import { ToastRoom } from '../../../kit/toasts';
import { ClusterActions } from './actions';
import ImportPage from './import';
import { Kept } from './kept';
import { importSteps } from './parts/watch';
import type { Cluster, Tested } from './queries';

const ID = 'cluster_01jd8kz3f6e5t9m2v7q4x1r0ab';
const SECRET = 'very-secret-token';
const KUBECONFIG = JSON.stringify({
  'current-context': 'kubernetes-admin@prod',
  clusters: [{ name: 'c', cluster: { server: 'https://203.0.113.7:6443' } }],
  users: [
    { name: 'u', user: { token: SECRET } },
    { name: 'cloud', user: { exec: { command: 'aws' } } },
  ],
  contexts: [
    { name: 'kubernetes-admin@prod', context: { cluster: 'c', user: 'u' } },
    { name: 'cloudy', context: { cluster: 'c', user: 'cloud' } },
  ],
});

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: Record<string, unknown> | undefined;
}
type Answer = (asked: Asked) => Response | undefined;

let asked: Asked[];
let answers: Answer[];
const CHECKS = ['kubeconfig', 'address', 'reach', 'tls', 'sign-in', 'version', 'permissions', 'identity'] as const;

function tested(failed?: { name: (typeof CHECKS)[number]; code: string; message: string }): Tested {
  const at = failed ? CHECKS.indexOf(failed.name) : CHECKS.length;
  return {
    connected: !failed,
    checks: CHECKS.map((name, nth) => ({ name, outcome: nth < at ? 'passed' : nth === at ? 'failed' : 'skipped', message: nth === at ? (failed?.message ?? '') : 'as it should be', code: nth === at ? (failed?.code ?? null) : null })),
    k8s_version: failed ? null : 'v1.33.2',
    uid: failed ? null : 'u-1',
    nodes: failed ? null : { total: 3, ready: 2 },
  };
}

const cluster = (over: Partial<Cluster> = {}): Cluster => ({
  id: ID,
  name: 'prod',
  provider: 'aws',
  region: 'us-west-2',
  labels: { env: 'prod' },
  status: 'importing',
  health: 'unknown',
  issues: [],
  failure: null,
  endpoint: 'https://203.0.113.7:6443',
  k8s_version: null,
  uid: null,
  nodes: { total: 0, ready: 0 },
  revision: 1,
  position: 7,
  created_at: '2026-06-01T12:00:00Z',
  created_by: 'user_1',
  updated_at: '2026-06-01T12:00:00Z',
  updated_by: 'user_1',
  ...over,
});
const plan = (type: string) => Response.json({ dry_run: true, events: [{ type, schema_version: 1, stream: ID, payload: {} }] });
const problem = (status: number, code: string, errors?: object[]) =>
  Response.json({ type: `/problems/${code}`, title: `Title of ${code}`, status, code, detail: `Detail of ${code}`, ...(errors ? { errors } : {}) }, { status });

/** The newest answer for a route holds. */
function answer(method: string, path: RegExp, respond: Answer) {
  answers.unshift((one) => (one.method === method && path.test(one.path) ? respond(one) : undefined));
}
const sent = (method: string, path: RegExp, dry = false) => asked.filter((one) => one.method === method && path.test(one.path) && (one.query.get('dry_run') === 'true') === dry);

beforeEach(() => {
  asked = [];
  answers = [];
  answer('POST', /auth\/refresh$/, () => Response.json({ access_token: 'one', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } }));
  answer('GET', /\/me$/, () => Response.json({ id: 'user_1', permissions: ['clusters:read', 'clusters:manage', 'audit:read'] }));
  answer('POST', /clusters\/test$/, () => Response.json(tested()));
  answer('POST', /clusters$/, ({ query }) => (query.has('dry_run') ? plan('cluster.import_requested.v1') : Response.json({ id: ID, name: 'prod', status: 'importing', revision: 0 }, { status: 202, headers: { 'Ledger-Position': '7' } })));
  answer('GET', /clusters\/cluster_/, () => Response.json(cluster()));
  answer('GET', /history$/, () => Response.json([{ event_type: 'cluster.import_requested.v1', position: 7, recorded_at: '2026-06-01T12:00:00Z', payload: {} }]));
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.origin), init);
    const url = new URL(request.url);
    const text = await request.text();
    const one = { method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body: text ? (JSON.parse(text) as Record<string, unknown>) : undefined };
    asked.push(one);
    for (const respond of answers) {
      const found = respond(one);
      if (found) return found;
    }
    throw new Error(`nobody answers ${one.method} ${one.path}`);
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(element: React.ReactNode, path = '/clusters/import') {
  return render(
    <QueryClientProvider client={queryClient()}>
      <MemoryRouter initialEntries={[path]}>
        <ToastRoom>
          <Routes>
            <Route path="/clusters/*" element={element} />
            <Route path="*" element={<p>elsewhere</p>} />
          </Routes>
        </ToastRoom>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

const button = (name: string | RegExp) => screen.getByRole('button', { name });

async function pasted(user: ReturnType<typeof userEvent.setup>, text = KUBECONFIG) {
  await user.click(await screen.findByLabelText('Kubeconfig', { selector: 'textarea' }));
  await user.paste(text);
}

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

describe('the wizard', { timeout: 30_000 }, () => {
  it('walks from a kubeconfig to an import that is watched', async () => {
    const user = userEvent.setup();
    const { container } = show(<ImportPage />);
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
    expect(sent('POST', /test$/)[0]?.body).toEqual({ kubeconfig: KUBECONFIG, context: 'kubernetes-admin@prod' });
    await user.click(button('Next'));
    expect(await screen.findByText('cluster.import_requested.v1')).toBeVisible();
    expect(sent('POST', /clusters$/)).toHaveLength(0);
    await user.click(button('Import the cluster'));
    expect(await screen.findByText('prod is being imported.')).toBeVisible();
    const [command] = sent('POST', /clusters$/);
    expect(command?.body).toEqual({ name: 'prod', provider: 'aws', region: 'us-west-2', labels: { env: 'prod' }, credentials: { kubeconfig: KUBECONFIG, context: 'kubernetes-admin@prod' } });
    expect(command?.headers.get('Idempotency-Key')).toMatch(/.{8}/);
    expect(new TextDecoder().decode(Uint8Array.from(command?.headers.get('Reason') ?? '', (byte) => byte.charCodeAt(0)))).toBe('größer');
    expect(await screen.findByRole('link', { name: 'event 7' })).toHaveAttribute('href', '/audit/at/7');
    // Nothing goes out any more with what was wiped.
    expect(sent('POST', /clusters$/, true)).toHaveLength(1);
    answer('GET', /clusters\/cluster_[^/]+$/, () => Response.json(cluster({ status: 'active', health: 'healthy', k8s_version: 'v1.33.2', nodes: { total: 1, ready: 1 }, revision: 2 })));
    expect(await screen.findByText(/prod is managed: Kubernetes v1.33.2, 1 of 1 node ready/, {}, { timeout: 5_000 })).toBeVisible();
  });

  it('goes no further with a context that the hub refuses', async () => {
    const user = userEvent.setup();
    show(<ImportPage />);
    await pasted(user);
    await user.click(screen.getByLabelText(/cloudy/));
    expect(screen.getByText(/users\.1\.user\.exec: The hub runs no programs/)).toBeVisible();
    await user.click(button('Next'));
    expect(screen.getByRole('heading', { name: 'How the hub reaches the cluster' })).toBeVisible();
  });

  it('reads a chosen file, and shows nothing of one that it cannot read', async () => {
    const user = userEvent.setup();
    const { container } = show(<ImportPage />);
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
    show(<ImportPage />);
    await upToReview(user);
    answer('POST', /clusters$/, ({ query }) => (query.has('dry_run') ? undefined : problem(409, 'name-taken', [{ pointer: '/name', detail: 'is taken already' }])));
    await user.click(button('Import the cluster'));
    await user.click(await screen.findByRole('button', { name: 'Mend: Name' }));
    const name = await screen.findByRole('textbox', { name: /Name/ });
    await waitFor(() => expect(name).toHaveFocus());
    expect(screen.getByText('is taken already')).toBeVisible();
    expect(screen.getByRole('textbox', { name: /Region/ })).toHaveValue('us-west-2');
    await user.type(name, '-2');
    expect(screen.queryByText('is taken already')).toBeNull();
    answers.shift();
    await user.click(button('Next'));
    await user.click(button('Next'));
    await user.click(await screen.findByRole('button', { name: 'Import the cluster' }));
    await screen.findByText('prod is being imported.');
    const keys = sent('POST', /clusters$/).map(({ headers }) => headers.get('Idempotency-Key'));
    expect(new Set(keys).size).toBe(2);
    expect(sent('POST', /clusters$/)[1]?.body).toMatchObject({ name: 'prod-2' });
  });

  it('goes on after a failed test where the import would be accepted, and says what comes of it', async () => {
    const user = userEvent.setup();
    answer('POST', /test$/, () => Response.json(tested({ name: 'permissions', code: 'permission-missing', message: 'must be allowed' })));
    show(<ImportPage />);
    await upToTest(user);
    expect(await screen.findByText(/would stand as “Import failed”/)).toBeVisible();
    expect(screen.getByText(/kind: ClusterRole/, { selector: '[aria-label="the ClusterRole"] *' })).toBeInTheDocument();
    expect(screen.getByText('Reachable').textContent).toContain('passed');
    await user.click(button('Go on anyway'));
    expect(await screen.findByText('tested: it does not work')).toBeVisible();
  });

  it('does not go on where the import would be refused', async () => {
    const user = userEvent.setup();
    answer('POST', /test$/, () => Response.json(tested({ name: 'address', code: 'address-refused', message: "at /clusters/0/cluster/server: must not be on the hub's own machine" })));
    answer('POST', /clusters$/, () => problem(422, 'invalid-body', [{ pointer: '/credentials/kubeconfig', detail: 'at /clusters/0/cluster/server: must not be' }]));
    show(<ImportPage />);
    await upToTest(user);
    expect(await screen.findByText('CLUSTERMASTER_KUBERNETES_FORBID_LOOPBACK')).toBeVisible();
    expect(button('Next')).toBeDisabled();
    await user.click(button('Mend: Kubeconfig'));
    expect(await screen.findByText('The hub refuses this kubeconfig')).toBeVisible();
  });

  it('repeats a command without an answer under one key, and says so', async () => {
    const user = userEvent.setup();
    show(<ImportPage />);
    await upToReview(user);
    let cut = 1;
    answer('POST', /clusters$/, ({ query }) => {
      if (!query.has('dry_run') && cut-- > 0) throw new TypeError('cut');
      return undefined;
    });
    await user.click(button('Import the cluster'));
    expect(await screen.findByText(/No answer came: it is being sent again/)).toBeVisible();
    await screen.findByText('prod is being imported.');
    const keys = sent('POST', /clusters$/).map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('asks before what was put in is left behind', async () => {
    const user = userEvent.setup();
    show(<ImportPage />);
    await pasted(user);
    expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(false);
    await user.click(button('Cancel'));
    await user.click(await screen.findByRole('button', { name: 'Stay here' }));
    expect(screen.getByText('The kubeconfig was read')).toBeVisible();
  });

  it('offers other credentials after a failure', async () => {
    answer('GET', /clusters\/cluster_[^/]+$/, () => Response.json(cluster({ status: 'import_failed', failure: { code: 'unauthorized', message: 'not let in' } })));
    const user = userEvent.setup();
    show(<ImportPage />, `/clusters/import?cluster=${ID}`);
    expect(await screen.findByText('not let in')).toBeVisible();
    await user.click(button('Try again with other credentials'));
    const dialog = await screen.findByRole('dialog');
    answer('PUT', /./, ({ query }) => (query.has('dry_run') ? plan('cluster.credentials_replaced.v1') : Response.json({ id: ID, name: 'prod', status: 'importing', revision: 3 }, { headers: { 'Ledger-Position': '9' } })));
    await user.click(within(dialog).getByLabelText('Kubeconfig', { selector: 'textarea' }));
    await user.paste(KUBECONFIG);
    await user.click(button('Preview the change'));
    await user.click(await screen.findByRole('button', { name: 'Change the cluster' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    const [command] = sent('PUT', /./);
    expect(command?.body).toEqual({ credentials: { kubeconfig: KUBECONFIG, context: 'kubernetes-admin@prod' } });
    expect(command?.headers.get('If-Match')).toBeNull();
  });
});

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
    answer('DELETE', /./, ({ query }) => (query.has('dry_run') ? plan('cluster.decommission_requested.v1') : Response.json({ id: ID, name: 'prod', status: 'decommissioning', revision: 5 }, { status: 202, headers: { 'Ledger-Position': '9' } })));
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
      return query.has('dry_run') ? plan('cluster.changed.v1') : Response.json({ id: ID, name: 'prod-x', status: 'active', revision: 6 }, { headers: { 'Ledger-Position': '9' } });
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

it('a secret tells its number only, and nothing once it is wiped', () => {
  const kept = new Kept(SECRET);
  expect(`${JSON.stringify({ kept })} ${String(kept)}`).not.toContain(SECRET);
  expect(kept.read()).toBe(SECRET);
  kept.wipe();
  expect(kept.read()).toBe('');
});

it('an import ends with the first answer of the cluster', () => {
  const types = ['health_changed.v2', 'credentials_replaced.v1', 'imported.v1', 'import_failed.v1', 'import_requested.v1'];
  expect(importSteps(types.map((type) => ({ event_type: `cluster.${type}` }))).map(({ event_type: type }) => type)).toEqual(['cluster.import_requested.v1', 'cluster.import_failed.v1', 'cluster.imported.v1']);
});
