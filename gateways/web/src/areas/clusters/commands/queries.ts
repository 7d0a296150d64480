/** All that the commands on clusters ask of the API. */
import { useQuery } from '@tanstack/react-query';

import { api, body, fresh, page, receipt, type Receipt, type Schemas } from '../../../api/client';
import { problemOf, unreachable } from '../../../api/problem';
import { serverSent, watchdog } from '../../../api/sse';
import type { CommandHeaders } from '../../../kit/command';
import type { Kept } from './kept';

export type Cluster = Schemas['Cluster'];
export type Provider = Schemas['Provider'];
export type Summary = Schemas['ClusterSummary'];
export type Plan = Schemas['Plan'];

export interface Secret {
  kept: Kept;
  context: string;
}

/** A cluster to import, with its secret still kept. */
export interface NewCluster {
  name: string;
  provider: Provider;
  region: string;
  labels: Record<string, string>;
  secret: Secret;
}

/** What is to change; what is left out stays. */
export interface Changes {
  name?: string;
  region?: string;
  labels?: Record<string, string>;
  secret?: Secret;
}

const credentials = ({ kept, context }: Secret) => ({ kubeconfig: kept.read(), context });

function imported({ secret, ...described }: NewCluster) {
  return { ...described, credentials: credentials(secret) };
}

function changed({ secret, ...described }: Changes) {
  return { ...described, ...(secret ? { credentials: credentials(secret) } : {}) };
}

export async function planImport(cluster: NewCluster, signal?: AbortSignal): Promise<Plan> {
  const asked = api.POST('/api/v1/clusters', {
    params: { query: { dry_run: true } },
    body: imported(cluster),
    ...(signal ? { signal } : {}),
  });
  return (await body(asked)) as Plan;
}

export async function importCluster(cluster: NewCluster, header: CommandHeaders): Promise<Receipt<Summary>> {
  return (await receipt(api.POST('/api/v1/clusters', { params: { header }, body: imported(cluster) }))) as Receipt<Summary>;
}

const match = (revision: number | undefined) => (revision === undefined ? {} : { 'If-Match': `"${revision}"` });

export async function planChange(id: string, changes: Changes, revision: number | undefined): Promise<Plan> {
  const params = { path: { id }, query: { dry_run: true }, header: match(revision) };
  return (await body(api.PUT('/api/v1/clusters/{id}', { params, body: changed(changes) }))) as Plan;
}

export async function changeCluster(
  id: string,
  changes: Changes,
  revision: number | undefined,
  headers: CommandHeaders,
): Promise<Receipt<Summary>> {
  const params = { path: { id }, header: { ...headers, ...match(revision) } };
  return (await receipt(api.PUT('/api/v1/clusters/{id}', { params, body: changed(changes) }))) as Receipt<Summary>;
}

export async function planDecommission(id: string, revision: number, signal?: AbortSignal): Promise<Plan> {
  const params = { path: { id }, query: { dry_run: true }, header: match(revision) };
  return (await body(api.DELETE('/api/v1/clusters/{id}', { params, ...(signal ? { signal } : {}) }))) as Plan;
}

export async function decommission(id: string, revision: number, headers: CommandHeaders): Promise<Receipt<Summary>> {
  const params = { path: { id }, header: { ...headers, ...match(revision) } };
  return (await receipt(api.DELETE('/api/v1/clusters/{id}', { params }))) as Receipt<Summary>;
}

export function readCluster(id: string, signal?: AbortSignal): Promise<Cluster> {
  return body(api.GET('/api/v1/clusters/{id}', { params: { path: { id }, query: fresh() }, ...(signal ? { signal } : {}) }));
}

/** States that a cluster leaves by itself. */
export function underWay(status: string | undefined): boolean {
  return status === undefined || /^import|ing$/.test(status);
}

/** A cluster that somebody waits for: asked for again while it is under way, whatever the stream says. */
export function useWatched(id: string) {
  const cluster = useQuery({
    queryKey: ['clusters', id, 'watched'],
    queryFn: ({ signal }) => readCluster(id, signal),
    refetchInterval: ({ state }) => (underWay(state.data?.status) ? 2_000 : false),
  });
  const history = useQuery({
    // The newest revision is another history.
    queryKey: ['clusters', id, 'watched-history', cluster.data?.revision],
    queryFn: ({ signal }) =>
      page(api.GET('/api/v1/clusters/{id}/history', { params: { path: { id }, query: { limit: 100, ...fresh() } }, signal })),
    enabled: cluster.data !== undefined,
    placeholderData: (before) => before,
  });
  return { cluster, history };
}

export type Check = Schemas['ClusterCheck'];
export type Tested = Schemas['ClusterTest'];

/** What is told of a test while it goes on: which checks there will be, each as it is decided, and in the end all of it. */
export type TestNews = Schemas['ClusterTestEvent'];

/** The stream was cut where it ends without `done`. */
export async function* testConnection({ kept, context }: Secret, id: string | undefined, signal: AbortSignal): AsyncGenerator<TestNews> {
  const asked = { kubeconfig: kept.read(), context, ...(id === undefined ? {} : { cluster_id: id }) };
  const silent = new AbortController();
  const { heard, stop } = watchdog(() => silent.abort(unreachable()));
  try {
    const { data, error, response } = await api.POST('/api/v1/clusters/test', {
      body: asked,
      headers: { Accept: 'text/event-stream' },
      parseAs: 'stream',
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (!response.ok) throw problemOf(error, response);
    if (!data) return;
    // What stands between may not let streams through: then all of it comes at once.
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) return yield { event: 'done', data: (await new Response(data).json()) as Tested };
    for await (const { event, data: text } of serverSent(data, heard)) {
      yield { event, data: JSON.parse(text) as unknown } as TestNews;
    }
  } finally {
    stop();
    silent.abort();
  }
}
