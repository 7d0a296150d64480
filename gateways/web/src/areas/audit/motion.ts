/** Motion: none where the person asked for less of it, and a clock that can be paused. */
import { useEffect, useRef, useSyncExternalStore } from 'react';

const LESS = '(prefers-reduced-motion: reduce)';

export function useLessMotion(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(LESS);
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => matchMedia(LESS).matches,
  );
}

/** Calls again and again while it runs. */
export function useTicks(running: boolean, milliseconds: number, tick: () => void) {
  const newest = useRef(tick);
  useEffect(() => {
    newest.current = tick;
  });
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => newest.current(), milliseconds);
    return () => clearInterval(timer);
  }, [running, milliseconds]);
}
