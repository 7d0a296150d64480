/** Why a cluster needs somebody, and what happened last. */
import type { Schemas } from '../../api/client';
import type { LiveEvent } from '../../api/live';

/** Up to the first full stop that ends a sentence. */
export function firstSentence(text: string): string {
  const end = /[.!?](?=\s)/.exec(text);
  return end ? text.slice(0, end.index + 1) : text;
}

export interface Reason {
  what: string;
  /** So many more things are wrong. */
  more: number;
}

export function reason({ failure, issues, health, status }: Pick<Schemas['Cluster'], 'failure' | 'issues' | 'health' | 'status'>): Reason {
  const all = [
    ...(failure ? [`${status === 'import_failed' ? 'The import failed' : 'The change of credentials failed'}: ${firstSentence(failure.message)}`] : []),
    ...issues.map((issue) => `${firstSentence(issue.message)} (${issue.object})`),
  ];
  const bare = health === 'unreachable' ? 'It does not answer.' : 'It is not as it should be.';
  return { what: all[0] ?? bare, more: Math.max(0, all.length - 1) };
}

export interface Happened {
  position: number;
  time: string;
  type: string;
  outcome: string;
  summary: string;
  actor: string;
  cluster: string;
  name: string | undefined;
}

/** What the fleet tells of and what came over the stream since, the newest first, each once. */
export function happenings(
  recent: readonly Schemas['FleetChange'][],
  live: readonly LiveEvent[],
  names: (cluster: string) => string | undefined,
  limit = 10,
): Happened[] {
  const all = new Map<number, Happened>();
  for (const event of live) {
    if (event.target_type !== 'cluster') continue;
    const { position, recorded_at: time, event_type: type, outcome, summary, actor, target_id: cluster } = event;
    all.set(position, { position, time, type, outcome, summary, actor, cluster, name: names(cluster) });
  }
  for (const { position, recorded_at: time, event_type: type, outcome, summary, actor, cluster_id: cluster, cluster_name: name } of recent) {
    all.set(position, { position, time, type, outcome, summary, actor, cluster, name });
  }
  return [...all.values()].sort((one, other) => other.position - one.position).slice(0, limit);
}

/** The positions that were not there before. */
export function newer(before: readonly Happened[], after: readonly Happened[]): ReadonlySet<number> {
  const last = before[0]?.position ?? 0;
  return new Set(after.map((one) => one.position).filter((position) => position > last));
}
