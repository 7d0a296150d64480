/**
 * What happens, as it happens: one stream a page (server-sent events), resumed from the last event that was seen.
 *
 * An event only says that something changed: what is shown is asked for again, at most once in a while, however many come.
 */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

import { prefix } from './base';
import type { Schemas } from './client';
import { accessToken, sessionState } from './session';
import { serverSent, watchdog } from './sse';

export type LiveEvent = Schemas['AuditLog'];
export type LiveState = { kind: 'connecting' | 'live' | 'reconnecting'; since: number };

/** Milliseconds between two askings on account of events. */
const GATHER = 1_500;
const LONGEST_PAUSE = 15_000;
/** Newest events that are kept for what shows them as they come. */
const KEPT = 50;

let state: LiveState = { kind: 'connecting', since: Date.now() };
let recent: readonly LiveEvent[] = [];
const listeners = new Set<() => void>();

function tell() {
  for (const listener of listeners) listener();
}

function become(kind: LiveState['kind']) {
  if (state.kind === kind) return;
  state = { kind, since: Date.now() };
  tell();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLive(): LiveState {
  return useSyncExternalStore(subscribe, () => state);
}

/** The newest events that came over the stream, the newest first. */
export function useRecentEvents(): readonly LiveEvent[] {
  return useSyncExternalStore(subscribe, () => recent);
}

/** Which answers an event makes old. */
export function stale(event: Pick<LiveEvent, 'event_type' | 'target_id'>): QueryKey[] {
  const keys: QueryKey[] = [['audit-logs'], ['ledger']];
  const kind = event.event_type.split('.')[0];
  if (kind === 'cluster') keys.push(['fleet'], ['clusters', 'list'], ['clusters', event.target_id]);
  if (kind === 'export') keys.push(['exports']);
  if (kind === 'user') keys.push(['users']);
  if (/^user\.(registered|profile_changed|deleted)\./.test(event.event_type)) keys.push(['people', event.target_id], ['people', 'all']);
  return keys;
}

/** Follows the hub until the signal says so. */
export async function follow(client: QueryClient, signal: AbortSignal): Promise<void> {
  const due = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const gather = (event: LiveEvent) => {
    for (const key of stale(event)) due.set(JSON.stringify(key), key);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const queryKey of due.values()) void client.invalidateQueries({ queryKey });
      due.clear();
      tell();
    }, GATHER);
  };
  let last: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const { id, event } of read(last, signal)) {
        if (failures > 0 || state.kind !== 'live') {
          // What happened meanwhile came over another way, or not at all.
          if (state.kind === 'reconnecting') void client.invalidateQueries();
          failures = 0;
          become('live');
        }
        if (id !== undefined) last = id;
        if (event) {
          recent = [event, ...recent].slice(0, KEPT);
          gather(event);
        }
      }
    } catch {
      failures += 1;
    }
    if (signal.aborted) break;
    become('reconnecting');
    await pause(Math.min(LONGEST_PAUSE, 500 * 2 ** failures) * (0.75 + Math.random() / 2), signal);
  }
  clearTimeout(timer);
}

async function* read(last: string | undefined, signal: AbortSignal): AsyncGenerator<{ id?: string; event?: LiveEvent }> {
  const token = await accessToken();
  const silent = new AbortController();
  const { heard, stop } = watchdog(() => silent.abort());
  try {
    const response = await fetch(`${prefix}/api/v1/events`, {
      headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': last } : {}) },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (response.status === 401 && sessionState().kind === 'open') await accessToken(token);
    if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
    yield {};
    for await (const { id, data } of serverSent(response.body, heard)) {
      yield { ...(id ? { id } : {}), event: JSON.parse(data) as LiveEvent };
    }
  } finally {
    stop();
    silent.abort();
  }
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, time);
    globalThis.addEventListener('online', done, { once: true });
    signal.addEventListener('abort', done, { once: true });
  });
}
