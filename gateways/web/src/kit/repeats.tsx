/** What got no answer is sent again by itself, for half a minute; and it is told. */
import { Alert } from '@patternfly/react-core';

import { asProblem, type ProblemError } from '../api/problem';

const PAUSES = [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];

export interface Repeats {
  /** How often it was sent again so far. */
  times: number;
  /** Why: there was no answer, or one that it cannot be taken now. */
  unheard: boolean;
}

/** Only what may be done twice without harm, or goes out under a key, may be sent again. */
export async function repeated<T>(
  send: () => Promise<T>,
  tell: (repeats: Repeats) => void,
  passing: (problem: ProblemError) => boolean = (problem) => problem.passing,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (cause) {
      const problem = asProblem(cause);
      const wait = PAUSES[attempt];
      if (!passing(problem) || wait === undefined) throw problem;
      tell({ times: attempt + 1, unheard: problem.unheard });
      await new Promise((resolve) => setTimeout(resolve, problem.retryAfter ? problem.retryAfter * 1000 : wait));
    }
  }
}

/** It may stand below what is in sight; once, so that nobody is taken from a field. */
export const intoSight = (box: HTMLElement | null) => box?.scrollIntoView?.({ block: 'nearest' });

/** `keyed`: it goes out under a key. */
export function Repeating({ busy, repeats, keyed = true }: { busy: boolean; repeats: Repeats | undefined; keyed?: boolean }) {
  return (
    <div role="status">
      {busy && repeats && (
        <div ref={intoSight}>
          <Alert
            isInline
            component="p"
            variant="info"
            title={`${repeats.unheard ? 'No answer came' : 'The hub cannot take it now'}: it is being sent again`}
            className="cm-space-above"
          >
            {keyed && 'It goes out under the same key each time, so that it is done once, however often it arrives. '}
            Sent again {repeats.times} {repeats.times === 1 ? 'time' : 'times'} so far.
          </Alert>
        </div>
      )}
    </div>
  );
}
