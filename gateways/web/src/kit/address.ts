/** What a page shows stands in its address. */
import { useEffect, useRef } from 'react';
import { type Location, type NavigateOptions, useLocation, useSearchParams } from 'react-router';

/** What an address is going to say, from its first change until that is rendered. */
const coming = new WeakMap<Location, URLSearchParams>();

/**
 * The parameters of the address, and what changes them: of two changes before the next rendering the second one builds on the
 * first, whoever made that.
 */
export function useAddress(): [URLSearchParams, (edit: (next: URLSearchParams) => void, options?: NavigateOptions) => void] {
  const [params, setParams] = useSearchParams();
  const location = useLocation();
  const newest = useRef(location);
  useEffect(() => {
    newest.current = location;
  }, [location]);
  return [
    params,
    (edit, options) => {
      const next = new URLSearchParams(coming.get(newest.current) ?? newest.current.search);
      edit(next);
      coming.set(newest.current, next);
      setParams(next, options);
    },
  ];
}

/** A parameter that has a value stands in the address, and no other one. */
export function put(next: URLSearchParams, name: string, value: string | undefined) {
  if (value) next.set(name, value);
  else next.delete(name);
}
