/** Arriving at another page: the focus goes to its heading, so that whoever hears the interface hears where they are. */
import { useEffect } from 'react';
import { useLocation } from 'react-router';

/** The page's heading. */
export const TITLE = 'cm-title';

let shown: string | undefined;
let led: HTMLElement | null = null;

/** Whoever was elsewhere (signing in) arrives at whichever page comes next. */
export function depart() {
  shown = '';
}

export function useArrival() {
  const { pathname } = useLocation();
  useEffect(() => {
    const before = shown;
    shown = pathname;
    // The first page is read from its top by itself.
    if (before === undefined) return;
    const active = document.activeElement;
    const lost = active === null || active === document.body;
    if (before === pathname) {
      // The page stands in another frame once its answer is there: the heading is another one.
      if (!lost || !led || led.isConnected) return;
    } else {
      const main = document.getElementById('main');
      // What was pressed is still there (a tab of this page): the focus stays on it.
      if (!lost && active !== main && main?.contains(active)) return;
    }
    led = document.getElementById(TITLE);
    // How far the page is scrolled is for the way here to say.
    led?.focus({ preventScroll: true });
  }, [pathname]);
}
