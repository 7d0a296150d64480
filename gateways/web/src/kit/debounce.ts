import { useCallback, useEffect, useRef } from 'react';

/** The newest call of many, once there was none for so many milliseconds. What is still due when the page goes does not happen. */
export function useDebounced<Input extends unknown[]>(run: (...input: Input) => void, pause: number): (...input: Input) => void {
  const newest = useRef(run);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    newest.current = run;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (...input: Input) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => newest.current(...input), pause);
    },
    [pause],
  );
}
