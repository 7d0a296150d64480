/** A command that is under way without an answer is sent again by `useCommand`; this tells of it. */
import { Alert } from '@patternfly/react-core';
import { useCallback, useState } from 'react';

import { asProblem } from '../../../api/problem';

export function useRepeats() {
  const [repeats, setRepeats] = useState(0);
  /** Wraps one sending. */
  const counted = useCallback(async <T,>(send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (cause) {
      if (asProblem(cause).passing) setRepeats((before) => before + 1);
      throw cause;
    }
  }, []);
  const reset = useCallback(() => setRepeats(0), []);
  return { repeats, counted, reset };
}

export function Repeating({ busy, repeats }: { busy: boolean; repeats: number }) {
  return (
    <div role="status">
      {busy && repeats > 0 && (
        <Alert isInline component="p" variant="info" title="No answer came: it is being sent again" className="cm-space-above">
          It goes out under the same key each time, so that it is done once, however often it arrives. Sent again {repeats}{' '}
          {repeats === 1 ? 'time' : 'times'} so far.
        </Alert>
      )}
    </div>
  );
}
