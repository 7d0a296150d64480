/** Trying a connection. What came of it belongs to one secret: another one has not been tried. */
import { useCallback, useEffect, useRef, useState } from 'react';

import { asProblem, type ProblemError } from '../../../api/problem';
import { type Secret, testConnection, type Tested } from './queries';

export type Trial =
  | { kind: 'none' }
  | { kind: 'running' }
  /** `refusal`: the import itself would be refused, and so; `undefined` where it was not asked or would not. */
  | { kind: 'told'; tested: Tested; refusal: ProblemError | undefined }
  /** Nothing was told: the hub could not try it. */
  | { kind: 'failed'; cause: ProblemError };

export function useTrial(cluster?: string) {
  const [trial, setTrial] = useState<Trial>({ kind: 'none' });
  const running = useRef<AbortController | undefined>(undefined);
  const forget = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    setTrial({ kind: 'none' });
  }, []);
  useEffect(() => () => running.current?.abort(), []);
  /** `whether` asks, after a test that failed, whether the command would be accepted all the same. */
  const start = useCallback(
    async (secret: Secret, whether?: (signal: AbortSignal) => Promise<unknown>) => {
      running.current?.abort();
      const mine = new AbortController();
      running.current = mine;
      setTrial({ kind: 'running' });
      const next = await tried(secret, cluster, whether, mine.signal);
      if (running.current === mine && !mine.signal.aborted) setTrial(next);
    },
    [cluster],
  );
  return { trial, start, forget };
}

async function tried(
  secret: Secret,
  cluster: string | undefined,
  whether: ((signal: AbortSignal) => Promise<unknown>) | undefined,
  signal: AbortSignal,
): Promise<Trial> {
  try {
    const tested = await testConnection(secret, cluster, signal);
    const refusal =
      tested.connected || !whether
        ? undefined
        : await whether(signal).then(
            () => undefined,
            (cause: unknown) => asProblem(cause),
          );
    return { kind: 'told', tested, refusal };
  } catch (cause) {
    return { kind: 'failed', cause: asProblem(cause) };
  }
}
