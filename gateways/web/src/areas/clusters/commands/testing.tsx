/** For the tests of this folder: a kubeconfig, and a hub that imports it. */
import { screen } from '@testing-library/react';
import type { userEvent } from '@testing-library/user-event';
import { beforeEach } from 'vitest';

import { answer, type Asked, cluster, entry, records } from '../../../kit/testing';
import type { Cluster, Tested } from './queries';

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

/** As it stands when its import has just begun. */
export const importing = (some: Partial<Cluster> = {}) =>
  cluster({ name: 'prod', status: 'importing', health: 'unknown', k8s_version: null, uid: null, nodes: { total: 0, ready: 0 }, revision: 1, position: 7, ...some });

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

beforeEach(() =>
  answer({
    'POST /api/v1/clusters/test': () => told(tested()),
    'POST /api/v1/clusters': records('cluster.import_requested.v1', importing(), 7),
    'GET /api/v1/clusters/{id}': importing(),
    'GET /api/v1/clusters/{id}/history': [entry(7, { event_type: 'cluster.import_requested.v1' })],
  }),
);

export const button = (name: string | RegExp) => screen.getByRole('button', { name });

export async function pasted(user: ReturnType<typeof userEvent.setup>, text = KUBECONFIG) {
  await user.click(await screen.findByLabelText('Kubeconfig', { selector: 'textarea' }));
  await user.paste(text);
}
