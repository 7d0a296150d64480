/** Trying a connection. What came of it belongs to one secret: another one has not been tried. */
import { useCallback, useEffect, useRef, useState } from 'react';

import { asProblem, type ProblemError, unreachable } from '../../../api/problem';
import { type Check, type Secret, testConnection, type Tested } from './queries';

/** How far a test has come: the checks that there are, in their order, and those that are decided. */
export interface Way {
  names: readonly string[];
  checks: readonly Check[];
}

export type Trial =
  | { kind: 'none' }
  /** `decided`: the test is through, and whether the command would be accepted is being asked. */
  | ({ kind: 'running'; decided: boolean } & Way)
  /** It came to no end: somebody cancelled it, or the connection to the hub was cut. */
  | ({ kind: 'stopped'; by: 'person' | 'cut' } & Way)
  /** `refusal`: the import itself would be refused, and so; `undefined` where it was not asked or would not. */
  | { kind: 'told'; tested: Tested; refusal: ProblemError | undefined }
  /** Nothing was told: the hub could not try it. */
  | { kind: 'failed'; cause: ProblemError };

export function useTrial(cluster?: string) {
  const [trial, setTrial] = useState<Trial>({ kind: 'none' });
  const running = useRef<AbortController | undefined>(undefined);
  const stop = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
  }, []);
  const forget = useCallback(() => {
    stop();
    setTrial({ kind: 'none' });
  }, [stop]);
  const cancel = useCallback(() => {
    stop();
    setTrial((before) => (before.kind === 'running' ? { kind: 'stopped', by: 'person', names: before.names, checks: before.checks } : before));
  }, [stop]);
  useEffect(() => stop, [stop]);
  /** `whether` asks, after a test that failed, whether the command would be accepted all the same. */
  const start = useCallback(
    async (secret: Secret, whether?: (signal: AbortSignal) => Promise<unknown>) => {
      stop();
      const mine = new AbortController();
      running.current = mine;
      for await (const next of tried(secret, cluster, whether, mine.signal)) {
        if (running.current !== mine) return;
        setTrial(next);
      }
    },
    [cluster, stop],
  );
  return { trial, start, cancel, forget };
}

async function* tried(
  secret: Secret,
  cluster: string | undefined,
  whether: ((signal: AbortSignal) => Promise<unknown>) | undefined,
  signal: AbortSignal,
): AsyncGenerator<Trial> {
  let way: Way = { names: [], checks: [] };
  yield { kind: 'running', decided: false, ...way };
  try {
    for await (const news of testConnection(secret, cluster, signal)) {
      if (news.event === 'done') {
        const tested = news.data;
        const asks = !tested.connected && whether;
        if (asks) yield { kind: 'running', decided: true, names: tested.checks.map(({ name }) => name), checks: tested.checks };
        return yield { kind: 'told', tested, refusal: asks ? await asks(signal).then(() => undefined, asProblem) : undefined };
      }
      if (news.event === 'plan') way = { ...way, names: news.data.checks };
      else if (news.event === 'check') way = { ...way, checks: [...way.checks, news.data] };
      // What is newer than this page is passed over.
      else continue;
      yield { kind: 'running', decided: false, ...way };
    }
    // It ended before its end.
    throw unreachable();
  } catch (cause) {
    yield way.names.length > 0 ? { kind: 'stopped', by: 'cut', ...way } : { kind: 'failed', cause: asProblem(cause) };
  }
}
