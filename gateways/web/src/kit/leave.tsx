/**
 * Asks before what was put in is left behind: by a link, by the browser’s ways back and forward, by closing a dialog or the tab, by
 * signing out. Whoever holds something that was not sent says so by `useUnsaved`; `Leaving` stands once, within the router.
 */
import { Button, List, ListItem, Modal, ModalBody } from '@patternfly/react-core';
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import { type BlockerFunction, useBlocker } from 'react-router';

import { DialogFoot, DialogHead } from './dialog';

interface Guard {
  lost: readonly string[];
  bySearch: boolean;
}

const guards = new Set<{ current: Guard }>();
const listeners = new Set<() => void>();
/** Whoever waits for an answer: see `mayLeave`. */
let waiting: ((leave: boolean) => void) | undefined;
/** The router holds a way back, and the question is on the screen. */
let held = false;

/** What would be lost now. */
function lost(): string[] {
  return [...guards].flatMap((guard) => guard.current.lost);
}

/**
 * Something was put in that leaving would lose; each thing named as a line of a list. With nothing in it nobody is asked.
 * Pages keep their state while their path stays; `bySearch` is for those that lose it by another query string as well.
 * Answers a way to say at once that it is sent, for who leads on in the same breath.
 */
export function useUnsaved(things: readonly string[], { bySearch = false } = {}): () => void {
  const guard = useRef<Guard>({ lost: things, bySearch });
  useLayoutEffect(() => {
    guard.current = { lost: things, bySearch };
  });
  useEffect(() => {
    guards.add(guard);
    return () => {
      guards.delete(guard);
    };
  }, []);
  return useCallback(() => {
    guard.current = { lost: [], bySearch: false };
  }, []);
}

/** Whether to go on where that loses something: asks whoever sits there. For ways that are no addresses. */
export function mayLeave(): Promise<boolean> {
  if (lost().length === 0) return Promise.resolve(true);
  // One question at a time: who is being asked presses Escape for it alone.
  if (held || waiting) return Promise.resolve(false);
  return new Promise((resolve) => answered(resolve));
}

function answered(next: typeof waiting) {
  waiting = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const blocks: BlockerFunction = ({ currentLocation: from, nextLocation: to }) =>
  [...guards].some(
    ({ current }) => current.lost.length > 0 && (from.pathname !== to.pathname || (current.bySearch && from.search !== to.search)),
  );

export function Leaving() {
  const blocker = useBlocker(blocks);
  const asked = useSyncExternalStore(subscribe, () => waiting);
  useLayoutEffect(() => {
    held = blocker.state === 'blocked';
  }, [blocker.state]);
  useEffect(() => {
    const unload = (event: BeforeUnloadEvent) => {
      if (lost().length > 0) event.preventDefault();
    };
    addEventListener('beforeunload', unload);
    return () => removeEventListener('beforeunload', unload);
  }, []);
  if (blocker.state === 'blocked') return <Question stay={() => blocker.reset()} go={() => blocker.proceed()} />;
  if (!asked) return null;
  const answer = (leave: boolean) => {
    answered(undefined);
    asked(leave);
  };
  return <Question stay={() => answer(false)} go={() => answer(true)} />;
}

function Question({ stay, go }: { stay: () => void; go: () => void }) {
  const id = useId();
  return (
    <Modal isOpen variant="small" onClose={stay} aria-labelledby={`${id}-title`} aria-describedby={`${id}-body`} elementToFocus={`#${CSS.escape(id)}-stay`}>
      <DialogHead title="Leave, and lose this?" labelId={`${id}-title`} titleIconVariant="warning" />
      <ModalBody id={`${id}-body`}>
        <List>
          {lost().map((thing) => (
            <ListItem key={thing}>{thing}</ListItem>
          ))}
        </List>
      </ModalBody>
      <DialogFoot>
        <Button id={`${id}-stay`} onClick={stay}>
          Stay here
        </Button>
        <Button variant="secondary" isDanger onClick={go}>
          Leave
        </Button>
      </DialogFoot>
    </Modal>
  );
}
