import { type RefObject, useState } from 'react';

/** Copies what an element shows. Browsers hand the clipboard to pages on HTTPS or on this machine only: elsewhere it is selected. */
export function useCopy(text: string, shown: RefObject<HTMLElement | null>) {
  const [done, setDone] = useState<'copied' | 'selected' | undefined>();
  const select = () => {
    if (shown.current) getSelection()?.selectAllChildren(shown.current);
    setDone('selected');
  };
  const copy = () => {
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(text).then(() => setDone('copied'), select);
  };
  return { copy, done };
}
