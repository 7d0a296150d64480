/** Every page begins at its top, and the browser’s ways back and forward lead to where one was on it. */
import { useEffect, useLayoutEffect, useRef } from 'react';
import { useLocation, useNavigationType } from 'react-router';

/** What is shown comes in by and by: so long a page may still grow to where one was. */
const GROWING = 3_000;
const MOST = 100;

/** By the key of an entry of the history, the one that was left last at the end. */
const places = new Map<string, number>();

export function useScroll(container: string) {
  const { key, pathname } = useLocation();
  const way = useNavigationType();
  const before = useRef(pathname);
  useEffect(() => {
    const main = document.getElementById(container);
    const scrolled = () => {
      places.delete(key);
      places.set(key, main?.scrollTop ?? 0);
      const oldest = places.size > MOST ? places.keys().next().value : undefined;
      if (oldest !== undefined) places.delete(oldest);
    };
    main?.addEventListener('scroll', scrolled, { passive: true });
    return () => main?.removeEventListener('scroll', scrolled);
  }, [container, key]);
  useLayoutEffect(() => {
    const main = document.getElementById(container);
    const another = before.current !== pathname;
    before.current = pathname;
    // A filter of the same page leaves it where it is.
    if (!main || !another) return;
    const place = way === 'POP' ? (places.get(key) ?? 0) : 0;
    main.scrollTop = place;
    if (main.scrollTop >= place) return;
    const seek = new ResizeObserver(() => {
      main.scrollTop = place;
      if (main.scrollTop >= place) stop();
    });
    const stop = () => {
      seek.disconnect();
      clearTimeout(timer);
      for (const hand of HANDS) removeEventListener(hand, stop);
    };
    const timer = setTimeout(stop, GROWING);
    for (const child of main.children) seek.observe(child);
    for (const hand of HANDS) addEventListener(hand, stop, { passive: true });
    return stop;
  }, [container, key, pathname, way]);
}

/** Who scrolls by hand is not moved any more. */
const HANDS = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const;
