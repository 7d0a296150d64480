/** Tells whoever hears the page what an asking has found. */
import { useState } from 'react';
import { useLocation } from 'react-router';

import type { Page } from '../api/client';
import { count } from './words';

/** One and many of what a list holds. */
export type Noun = readonly [one: string, many: string];

export function foundText({ total, atLeast, rows }: Page<unknown>, [one, many]: Noun): string {
  if (total === 0) return `No ${many}`;
  const all = `${atLeast ? 'At least ' : ''}${count(total)} ${total === 1 ? one : many}`;
  return rows.length < total ? `${all}, ${count(rows.length)} of them on this page` : all;
}

/** Said once for each address: what comes later by itself is not called out. */
export function Found({ text }: { text: string | undefined }) {
  const { search } = useLocation();
  const [said, setSaid] = useState({ search: '', text: '' });
  if (text !== undefined && (said.search !== search || said.text === '')) setSaid({ search, text });
  return (
    <p role="status" className="cm-visually-hidden">
      {said.text}
    </p>
  );
}
