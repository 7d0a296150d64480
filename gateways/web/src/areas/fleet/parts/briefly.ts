/** What came anew, marked for a while: by a state and no animation, so that it is there without motion as well. */
import { useEffect, useState } from 'react';

/** So long, in milliseconds. */
const MARKED = 6_000;

/**
 * What differs between an answer and the one before it. `value` has to be the same object while nothing changed; with another
 * `what` it tells of something else, and nothing of it is new.
 */
export function useBriefly<V, K>(value: V, what: string, live: boolean, differs: (before: V, after: V) => ReadonlySet<K>): ReadonlySet<K> {
  const [seen, setSeen] = useState<{ value: V; what: string; fresh: ReadonlySet<K> }>(() => ({ value, what, fresh: new Set() }));
  if (seen.value !== value || seen.what !== what) {
    setSeen({ value, what, fresh: live && seen.what === what ? differs(seen.value, value) : new Set() });
  }
  const { fresh } = seen;
  useEffect(() => {
    if (fresh.size === 0) return;
    const timer = setTimeout(() => setSeen((now) => (now.fresh === fresh ? { ...now, fresh: new Set() } : now)), MARKED);
    return () => clearTimeout(timer);
  }, [fresh]);
  return fresh;
}
