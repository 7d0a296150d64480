/** For tests: a hub that is made of answers, and what the app puts around a page. */
import { QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, configure, render } from '@testing-library/react';
import { type ReactNode, useEffect } from 'react';
import { createMemoryRouter, Route as At, RouterProvider, Routes } from 'react-router';
import { afterEach, beforeEach, vi } from 'vitest';

import type { Schemas } from '../api/client';
import { queryClient } from '../api/query';
import type { paths } from '../api/schema';
import { Leaving } from './leave';
import { ToastRoom } from './toasts';

// Machines that build beside it are slow; a test that fails does so all the same.
configure({ asyncUtilTimeout: 8_000 });
vi.setConfig({ testTimeout: 30_000 });

type Method = 'get' | 'put' | 'post' | 'delete';
type Done = 200 | 201 | 202;
type Told<O> = O extends { responses: infer R } ? { [S in keyof R & Done]: R[S] extends { content: { 'application/json': infer B } } ? B : never }[keyof R & Done] : never;
type Operations = {
  [P in keyof paths & string as { [M in Method]: paths[P] extends Record<M, object> ? `${Uppercase<M>} ${P}` : never }[Method]]: paths[P];
};

/** `GET /api/v1/exports/{id}`: what the document of the API knows. */
export type Route = keyof Operations;
type BodyOf<R extends Route> = R extends `${infer M} ${string}` ? Told<Operations[R][Lowercase<M> & keyof Operations[R]]> : never;

export interface Asked {
  method: string;
  /** Without its query. */
  path: string;
  query: URLSearchParams;
  /** Whose resource: what stands where its route says `{id}`. */
  id: string;
  dry: boolean;
  headers: Headers;
  body: unknown;
  signal: AbortSignal;
}

/** A body with the headers of its answer. */
class WithHeaders<B> {
  constructor(
    readonly body: B,
    readonly headers: Record<string, string>,
  ) {}
}

type Said<B> = B | WithHeaders<B> | Response;
/** `undefined` leaves it to the answer that stood before. */
type Answer<B> = Said<B> | ((asked: Asked) => Said<B> | undefined | Promise<Said<B>>);
type Answers = { [R in Route]?: Answer<BodyOf<R>> };

let log: Asked[] = [];
let answers: { fits: (method: string, path: string) => string | undefined; say: Answer<unknown> }[] = [];

/** What stands at `{id}` where a request is one of this route: `''` where it has none. */
function matcher(route: string) {
  const [method, path = ''] = route.split(' ');
  const pattern = new RegExp(`^${path.replace('{id}', '([^/]+)')}$`);
  return (asked: string, at: string) => {
    const found = asked === method ? pattern.exec(at) : null;
    return found ? (found[1] ?? '') : undefined;
  };
}

/** The newest answer to a route holds. */
export function answer(more: Answers) {
  answers.unshift(...Object.entries(more).map(([route, say]) => ({ fits: matcher(route), say: say as Answer<unknown> })));
}

/** What was asked, the oldest first; of one route, or all of it. */
export function asked(route?: Route): Asked[] {
  const fits = route && matcher(route);
  return fits ? log.filter(({ method, path }) => fits(method, path) !== undefined) : log;
}

/** The commands that were meant: no dry runs. */
export const sent = (route: Route) => asked(route).filter(({ dry }) => !dry);

const cut = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

async function respond(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = typeof input === 'string' ? new Request(new URL(input, location.origin), init) : input;
  const { pathname: path, searchParams: query } = new URL(request.url);
  const { method, headers, signal } = request;
  const text = await request.text();
  const one: Asked = { method, path, query, id: '', dry: query.get('dry_run') === 'true', headers, body: text ? JSON.parse(text) : undefined, signal };
  log.push(one);
  for (const { fits, say } of answers) {
    const id = fits(method, path);
    if (id === undefined) continue;
    one.id = id;
    const answered: unknown = typeof say === 'function' ? await Promise.race([(say as (asked: Asked) => unknown)(one), cut(signal)]) : say;
    const said = Array.isArray(answered) ? page(answered, answered.length) : answered;
    // What an answer made was made for this request; one that stands there is told again and again.
    if (said instanceof Response) return typeof say === 'function' ? said : said.clone();
    if (said instanceof WithHeaders) return Response.json(said.body, { headers: said.headers });
    if (said !== undefined) return Response.json(said);
  }
  return problem(404, 'nobody-answers', { title: `Nobody answers ${method} ${path}` });
}

beforeEach(() => {
  [log, answers] = [[], []];
  const session = { access_token: 'token', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } };
  answer({
    'POST /api/v1/auth/refresh': session,
    'GET /api/v1/me': me(),
    'GET /api/v1/fleet': fleet(),
    'GET /api/v1/clusters': [],
    'GET /api/v1/audit-logs': [],
    'GET /api/v1/exports': [],
    'GET /api/v1/ledger/head': head(0),
    'GET /api/v1/ledger/keys': [],
  });
  vi.stubGlobal('fetch', respond);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
});

/** A page of a longer list. */
export const page = <B,>(body: B, total: number, next?: string) =>
  new WithHeaders(body, { 'Total-Count': String(total), 'Ledger-Position': '99', ...(next ? { Link: `</api/v1/x?cursor=${next}>; rel="next"` } : {}) });

/** A command that records an event; its dry run names it. */
export const records =
  <B,>(type: string, body: B, position = 12) =>
  ({ dry }: Asked) =>
    dry ? plan(type) : new WithHeaders(body, { 'Ledger-Position': String(position) });

export const plan = (type: string): Schemas['Plan'] => ({ dry_run: true, events: [{ type, schema_version: 1, stream: 'stream_1', payload: {} }] });

export function problem(status: number, code: string, some: Partial<Schemas['Problem']> = {}, headers: Record<string, string> = {}): Response {
  const all: Schemas['Problem'] = { type: `/problems/${code}`, title: `Title of ${code}`, status, code, detail: `Detail of ${code}.`, ...some };
  return Response.json(all, { status, headers });
}

export const PERMISSIONS = ['clusters:read', 'clusters:manage', 'audit:read', 'audit:read-personal', 'exports:read', 'exports:manage'];

export const me = (some: Partial<Schemas['Me']> = {}): Schemas['Me'] => ({
  id: 'user_1',
  tenant: 'tenant_1',
  email: 'a@b.example',
  display_name: null,
  roles: [],
  permissions: PERMISSIONS,
  session: 'session-1',
  ...some,
});

export const ID = 'cluster_01jd8kz3f6e5t9m2v7q4x1r0ab';

export const cluster = (some: Partial<Schemas['Cluster']> = {}): Schemas['Cluster'] => ({
  id: ID,
  name: 'payments',
  provider: 'aws',
  region: 'us-west-2',
  status: 'active',
  health: 'healthy',
  k8s_version: 'v1.33.2',
  nodes: { total: 3, ready: 3 },
  labels: { env: 'prod' },
  issues: [],
  endpoint: 'https://203.0.113.7:6443',
  uid: 'uid-1',
  failure: null,
  revision: 2,
  created_at: '2026-06-01T12:00:00.250Z',
  created_by: 'user_1',
  updated_at: '2026-06-01T12:10:00Z',
  updated_by: 'system:observer',
  position: 20,
  ...some,
});

export const fleet = (some: Partial<Schemas['Fleet']> = {}): Schemas['Fleet'] => ({
  position: 99,
  clusters: { total: 0, by_status: {}, by_health: {}, by_provider: {}, by_region: {}, by_version: {} },
  nodes: { total: 0, ready: 0 },
  attention: [],
  attention_total: 0,
  recent: [],
  ...some,
});

export const entry = (position: number, some: Partial<Schemas['AuditLog']> = {}): Schemas['AuditLog'] => ({
  id: `00000000-0000-7000-8000-${String(position).padStart(12, '0')}`,
  position,
  sequence: position - 1,
  recorded_at: new Date(Date.UTC(2026, 5, 1, 12, position)).toISOString(),
  actor: 'system:observer',
  action: 'cluster.observe',
  event_type: 'cluster.health_changed.v2',
  target_type: 'cluster',
  target_id: ID,
  revision: position,
  outcome: 'succeeded',
  reason: null,
  trace_id: null,
  caused_by: null,
  origin: null,
  request_id: null,
  change_request: null,
  summary: `event ${position}`,
  before: null,
  after: null,
  payload: {},
  leaf_hash: '0'.repeat(64),
  ...some,
});

/** The end of the ledger, with a checkpoint over all of it but so many entries; `undefined` is none. */
export const head = (size: number, uncovered?: number): Schemas['LedgerHead'] => ({
  verifier_key: 'hub.example+1+key',
  last_leaf_hash: '0'.repeat(64),
  size,
  uncovered: uncovered ?? size,
  checkpoint: uncovered === undefined ? null : { size: size - uncovered, position: size - uncovered, root: '0'.repeat(64), note: '', issued_at: '2026-01-01T00:00:00Z' },
});

export const anExport = (some: Partial<Schemas['Export']> = {}): Schemas['Export'] => ({
  id: 'export_1',
  name: 'siem',
  status: 'active',
  format: 'ocsf',
  transport: { kind: 'syslog', address: 'siem.example:6514', tls: {} },
  filter: {},
  credentials_fingerprint: null,
  starts_at: 1,
  cursor: 10,
  lag_events: 0,
  lag_seconds: 0,
  delivered: 10,
  dead_letters: 0,
  failures: 0,
  last_delivered_at: '2026-01-01T00:00:00Z',
  last_error: null,
  position: 4,
  revision: 3,
  created_at: '2026-01-01T00:00:00Z',
  created_by: 'user_1',
  updated_at: '2026-01-01T00:00:00Z',
  updated_by: 'user_1',
  ...some,
});

export const account = (some: Partial<Schemas['User']> = {}): Schemas['User'] => ({
  id: 'user_1',
  email: 'a@b.example',
  display_name: null,
  status: 'active',
  roles: [],
  last_signed_in_at: null,
  position: 4,
  revision: 3,
  created_at: '2026-01-01T00:00:00Z',
  created_by: 'user_1',
  updated_at: '2026-01-01T00:00:00Z',
  updated_by: 'user_1',
  ...some,
});

let router: ReturnType<typeof createMemoryRouter>;

/** A page at an address: an area has all that lies below its first segment, and whatever else there is says that it is elsewhere. What was seen `before` is a way back. */
export function show(element: ReactNode, at = '/', ...before: string[]) {
  const area = at.split(/[/?]/)[1];
  const client = queryClient();
  const routes = (
    <ToastRoom>
      <Routes>
        <At path={area ? `/${area}/*` : '*'} element={element} />
        {area && <At path="*" element={<p>elsewhere</p>} />}
      </Routes>
      <Leaving />
    </ToastRoom>
  );
  router = createMemoryRouter([{ path: '*', element: routes }], { initialEntries: [...before, at] });
  const shown = render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...shown, client };
}

/** What a hook answers at an address, as of its newest rendering. */
export function showHook<T>(hook: () => T, at = '/'): { current: T } {
  const seen: { current?: T } = {};
  function Uses() {
    const value = hook();
    useEffect(() => {
      seen.current = value;
    });
    return null;
  }
  show(<Uses />, at);
  return seen as { current: T };
}

/** Where the page is now. */
export const address = () => router.state.location.pathname + router.state.location.search;
export const parameters = () => new URLSearchParams(router.state.location.search);
export const goTo = (to: string | number) => act(() => (typeof to === 'number' ? router.navigate(to) : router.navigate(to)));
