import { useEffect, useRef, useState } from 'react';

/** The newest value, but another one at most so often: for what asks the hub while a hand drags along. */
export function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  const since = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, since.current + milliseconds - performance.now());
    const timer = setTimeout(() => {
      since.current = performance.now();
      setSettled(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
