/** A hub for tests: answers by method and path, and remembers what it was asked. */
import { QueryClientProvider } from '@tanstack/react-query';
import { configure, render } from '@testing-library/react';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router';
import { vi } from 'vitest';

import { queryClient } from '../../api/query';
import { ToastRoom } from '../../kit/toasts';
import Exports from './page';
import type { Export } from './queries';

// Machines that build beside it are slow; a test that fails does so all the same.
configure({ asyncUtilTimeout: 5_000 });
vi.setConfig({ testTimeout: 30_000 });

export interface Asked {
  /** `POST /api/v1/exports?dry_run=true`. */
  what: string;
  body: unknown;
  headers: Headers;
}

export const ADMIN = ['clusters:read', 'clusters:manage', 'audit:read', 'exports:read', 'exports:manage'];

type Answer = (asked: Asked) => Response | Promise<Response>;

/** `routes` are tried in order: the first whose beginning fits answers. */
export function hub(routes: Record<string, Answer>, permissions = ADMIN): Asked[] {
  const log: Asked[] = [];
  const all: Record<string, Answer> = {
    ...routes,
    'POST /api/v1/auth/refresh': () =>
      Response.json({ access_token: 't', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } }),
    'GET /api/v1/me': () => Response.json({ id: 'user_1', permissions }),
  };
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const request = typeof input === 'string' ? new Request(new URL(input, 'http://localhost'), init) : input;
    const url = new URL(request.url);
    const text = await request.text();
    const asked = { what: `${request.method} ${url.pathname}${url.search}`, body: text ? (JSON.parse(text) as unknown) : undefined, headers: request.headers };
    log.push(asked);
    const found = Object.entries(all).find(([start]) => asked.what.startsWith(start));
    if (!found) return Response.json({ title: asked.what, code: 'route-not-found', status: 404, detail: 'd', type: 't' }, { status: 404 });
    return found[1](asked);
  });
  return log;
}

export const plan = (type: string, payload: unknown = {}) => Response.json({ dry_run: true, events: [{ type, schema_version: 1, stream: 's', payload }] });

export function problem(status: number, pointer: string, detail: string) {
  return Response.json({ type: '/problems/x', title: 'No', status, code: 'x', detail: 'No.', errors: [{ pointer, detail }] }, { status });
}

export function anExport(part: Partial<Export> = {}): Export {
  return {
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
    ...part,
  };
}

export function list(rows: unknown[]) {
  return Response.json(rows, { headers: { 'Total-Count': String(rows.length), 'Ledger-Position': '10' } });
}

function Here() {
  const { pathname, search } = useLocation();
  return <output data-testid="here">{pathname + search}</output>;
}

export function show(path: string) {
  return render(
    <QueryClientProvider client={queryClient()}>
      <MemoryRouter initialEntries={[path]}>
        <ToastRoom>
          <Routes>
            <Route path="/exports/*" element={<Exports />} />
            <Route path="*" element={null} />
          </Routes>
          <Here />
        </ToastRoom>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}
