/** Going through a row of things one by one: at rest to begin with, by itself where it is played, and by hand at any time. */
import { Button } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';

import { count } from '../../kit/words';
import { useLessMotion, useTicks } from './motion';

export interface Going {
  /** Which one it is, from 0. */
  now: number;
  last: number;
  /** Whether somebody went anywhere. */
  moved: boolean;
  /** Whether it goes by itself. */
  running: boolean;
  /** Whether nothing may: the person asked for less motion. */
  still: boolean;
  /** To one of them, and rest there. */
  go: (to: number) => void;
  /** Plays, from the beginning where it stands at the end, or pauses. */
  toggle: () => void;
}

/** `pace` is in milliseconds. */
export function useGoing(length: number, first: number, pace: number): Going {
  const [chosen, setChosen] = useState<number>();
  const [playing, setPlaying] = useState(false);
  const still = useLessMotion();
  const last = length - 1;
  const now = Math.min(chosen ?? first, last);
  const running = playing && !still && now < last;
  useTicks(running, pace, () => setChosen(now + 1));
  return {
    now,
    last,
    moved: chosen !== undefined,
    running,
    still,
    go: (to) => {
      setPlaying(false);
      setChosen(Math.max(0, Math.min(last, to)));
    },
    toggle: () => {
      if (!running && now === last) setChosen(0);
      setPlaying(!running);
    },
  };
}

export function Controls({ going, label, rewind, children }: { going: Going; label: string; rewind?: boolean; children?: ReactNode }) {
  const { now, last, running, still, go, toggle } = going;
  return (
    <div className="cm-actions cm-space-below" role="group" aria-label={label}>
      {!still && (
        <Button variant="primary" onClick={toggle}>
          {running ? 'Pause' : 'Play'}
        </Button>
      )}
      {rewind && (
        <Button variant="secondary" isDisabled={now === 0} onClick={() => go(0)}>
          First step
        </Button>
      )}
      <Button variant="secondary" isDisabled={now === 0} onClick={() => go(now - 1)}>
        Step back
      </Button>
      <Button variant="secondary" isDisabled={now === last} onClick={() => go(now + 1)}>
        Next step
      </Button>
      {children}
      <span className="cm-subtle">
        {count(now + 1)} of {count(last + 1)}
      </span>
    </div>
  );
}
