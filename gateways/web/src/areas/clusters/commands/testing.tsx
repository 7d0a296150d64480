/** A hub for the tests of this folder: what was asked of it, and what it answers. */
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import type { userEvent } from '@testing-library/user-event';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { afterEach, beforeEach, vi } from 'vitest';

import { queryClient } from '../../../api/query';
import { Leaving } from '../../../kit/leave';
import { ToastRoom } from '../../../kit/toasts';
import type { Cluster, Tested } from './queries';

export const ID = 'cluster_01jd8kz3f6e5t9m2v7q4x1r0ab';
export const SECRET = 'very-secret-token';
export const KUBECONFIG = JSON.stringify({
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
  signal: AbortSignal;
}
type Answer = (asked: Asked) => Response | undefined;

let asked: Asked[];
let answers: Answer[];
const CHECKS = ['kubeconfig', 'address', 'reach', 'tls', 'sign-in', 'version', 'permissions', 'identity'] as const;

export function tested(failed?: { name: (typeof CHECKS)[number]; code: string; message: string }): Tested {
  const at = failed ? CHECKS.indexOf(failed.name) : CHECKS.length;
  return {
    connected: !failed,
    checks: CHECKS.map((name, nth) => ({
      name,
      outcome: nth < at ? 'passed' : nth === at ? 'failed' : 'skipped',
      message: nth === at ? (failed?.message ?? '') : 'as it should be',
      code: nth === at ? (failed?.code ?? null) : null,
    })),
    k8s_version: failed ? null : 'v1.33.2',
    uid: failed ? null : 'u-1',
    nodes: failed ? null : { total: 3, ready: 2 },
  };
}

const line = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A test as the hub tells it: by hand, event by event. */
export function telling(): { answer: (asked?: Asked) => Response; plan: () => void; check: (...checks: Tested['checks']) => void; done: (all: Tested) => void; cut: () => void; end: () => void; left: () => boolean } {
  let out: ReadableStreamDefaultController<Uint8Array>;
  let gone = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      out = controller;
    },
  });
  const say = (event: string, data: unknown) => out.enqueue(new TextEncoder().encode(line(event, data)));
  return {
    answer: (asked) => {
      asked?.signal.addEventListener('abort', () => {
        gone = true;
        out.error(asked.signal.reason);
      });
      return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } });
    },
    plan: () => say('plan', { checks: CHECKS }),
    check: (...checks) => checks.forEach((check) => say('check', check)),
    done: (all) => {
      say('done', all);
      out.close();
    },
    cut: () => out.error(new TypeError('network error')),
    end: () => out.close(),
    left: () => gone,
  };
}

/** All of a test at once. */
export function told(all: Tested): Response {
  const test = telling();
  test.plan();
  test.check(...all.checks);
  test.done(all);
  return test.answer();
}

export const cluster = (over: Partial<Cluster> = {}): Cluster => ({
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
export const plan = (type: string) => Response.json({ dry_run: true, events: [{ type, schema_version: 1, stream: ID, payload: {} }] });
export const problem = (status: number, code: string, errors?: object[]) =>
  Response.json(
    { type: `/problems/${code}`, title: `Title of ${code}`, status, code, detail: `Detail of ${code}`, ...(errors ? { errors } : {}) },
    { status },
  );

/** The newest answer for a route holds, until it is taken back. */
export function answer(method: string, path: RegExp, respond: Answer): () => void {
  const one: Answer = (request) => (request.method === method && path.test(request.path) ? respond(request) : undefined);
  answers.unshift(one);
  return () => {
    answers = answers.filter((other) => other !== one);
  };
}
export const sent = (method: string, path: RegExp, dry = false) =>
  asked.filter((one) => one.method === method && path.test(one.path) && (one.query.get('dry_run') === 'true') === dry);

beforeEach(() => {
  asked = [];
  answers = [];
  answer('POST', /auth\/refresh$/, () =>
    Response.json({ access_token: 'one', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } }),
  );
  answer('GET', /\/me$/, () => Response.json({ id: 'user_1', permissions: ['clusters:read', 'clusters:manage', 'audit:read'] }));
  answer('POST', /clusters\/test$/, () => told(tested()));
  answer('POST', /clusters$/, ({ query }) =>
    query.has('dry_run')
      ? plan('cluster.import_requested.v1')
      : Response.json({ id: ID, name: 'prod', status: 'importing', revision: 0 }, { status: 202, headers: { 'Ledger-Position': '7' } }),
  );
  answer('GET', /clusters\/cluster_/, () => Response.json(cluster()));
  answer('GET', /history$/, () =>
    Response.json([{ event_type: 'cluster.import_requested.v1', position: 7, recorded_at: '2026-06-01T12:00:00Z', payload: {} }]),
  );
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.origin), init);
    const url = new URL(request.url);
    const text = await request.text();
    const one = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      signal: request.signal,
      body: text ? (JSON.parse(text) as Record<string, unknown>) : undefined,
    };
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

/** The newest of the entries is shown. */
export function show(element: React.ReactNode, ...entries: string[]) {
  const within = (shown: React.ReactNode) => (
    <ToastRoom>
      {shown}
      <Leaving />
    </ToastRoom>
  );
  const routes = [
    { path: '/clusters', element: within(<p>the list</p>) },
    { path: '/clusters/*', element: within(element) },
    { path: '*', element: within(<p>elsewhere</p>) },
  ];
  const router = createMemoryRouter(routes, { initialEntries: entries.length > 0 ? entries : ['/clusters/import'] });
  const shown = render(
    <QueryClientProvider client={queryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...shown, router };
}

export const button = (name: string | RegExp) => screen.getByRole('button', { name });

export async function pasted(user: ReturnType<typeof userEvent.setup>, text = KUBECONFIG) {
  await user.click(await screen.findByLabelText('Kubeconfig', { selector: 'textarea' }));
  await user.paste(text);
}

