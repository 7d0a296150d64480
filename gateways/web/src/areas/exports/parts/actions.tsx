/** What can be done to an export: each with its preview. */
import { Alert, Button, Modal, ModalBody, Spinner } from '@patternfly/react-core';
import { useEffect, useId, useState } from 'react';
import { useNavigate } from 'react-router';

import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { DialogFoot, DialogHead } from '../../../kit/dialog';
import { repeated, Repeating, type Repeats } from '../../../kit/repeats';
import { Answered, Failed } from '../../../kit/states';
import { type Deed, type Export, order, test, usePlan } from '../queries';
import { ReplayDialog } from './replay';

export type Ask = 'pause' | 'resume' | 'retry' | 'delete' | 'replay' | 'test';

const WORDS: Record<Exclude<Ask, 'replay' | 'test'>, { title: string; text: string; button: string; done: string }> = {
  pause: { title: 'Pause', text: 'Events wait from here on. None is lost: they go out when it is resumed.', button: 'Pause', done: 'was paused' },
  resume: { title: 'Resume', text: 'Events go out again, from where they stood.', button: 'Resume', done: 'goes on' },
  retry: {
    title: 'Try the dead letters of',
    text: 'All that was set aside is sent once more: late, and so out of order. What is refused again comes back here.',
    button: 'Try all again',
    done: 'tries its dead letters again',
  },
  delete: {
    title: 'Delete',
    text: 'Nothing goes out any more, its secrets are destroyed, and its name is free again. What was recorded stays. There is no way back.',
    button: 'Delete',
    done: 'was deleted',
  },
};

/** A command on one export, with the revision that was looked at. */
export function useDeed(one: Export, done: string, onDone: () => void) {
  return useCommand({
    done: () => `${one.name} ${done}`,
    send: ({ deed, revision }: { deed: Deed; why: Why; revision: number }, headers) => order(one.id, deed, { ...headers, 'If-Match': `"${revision}"` }),
    why: ({ why }) => why,
    onDone,
  });
}

export function ActionDialog({ one, ask, close }: { one: Export; ask: Ask; close: () => void }) {
  // What was looked at is what it is done to: sent once more, it cannot become another command.
  const [looked] = useState(one);
  if (ask === 'test') return <TestDialog one={looked} close={close} />;
  if (ask === 'replay') return <ReplayDialog one={looked} close={close} />;
  return <DeedDialog one={looked} ask={ask} close={close} />;
}

function DeedDialog({ one, ask, close }: { one: Export; ask: keyof typeof WORDS; close: () => void }) {
  const { title, text, button, done } = WORDS[ask];
  const navigate = useNavigate();
  const plan = usePlan(one.id, { kind: ask });
  const command = useDeed(one, done, () => {
    close();
    if (ask === 'delete') void navigate('/exports');
  });
  return (
    <ConfirmCommand
      title={`${title} ${one.name}`}
      button={button}
      danger={ask === 'delete'}
      {...(ask === 'delete' ? { typed: one.name } : {})}
      plan={
        <Answered query={plan} what="The preview">
          {(found) => <PlannedEvents plan={found} />}
        </Answered>
      }
      failure={command.error}
      busy={command.isPending}
      repeats={command.repeats}
      confirm={(why) => command.mutate({ deed: { kind: ask }, why, revision: one.revision })}
      close={close}
    >
      <p>{text}</p>
    </ConfirmCommand>
  );
}

export type Testing = { kind: 'asking'; repeats?: Repeats } | { kind: 'said'; delivered: boolean; answer: string } | { kind: 'failed'; cause: unknown };

/** Sends the test message as soon as it is shown, and again when told to. */
export function useTest(id: string | undefined): [Testing, () => void] {
  const [testing, setTesting] = useState<Testing>({ kind: 'asking' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (id === undefined) return;
    let current = true;
    // It records nothing: a second message does no harm.
    repeated(
      () => test(id),
      (repeats) => current && setTesting({ kind: 'asking', repeats }),
      (problem) => current && problem.passing,
    ).then(
      (said) => current && setTesting({ kind: 'said', ...said }),
      (cause: unknown) => current && setTesting({ kind: 'failed', cause }),
    );
    return () => {
      current = false;
    };
  }, [id, attempt]);
  return [
    testing,
    () => {
      setTesting({ kind: 'asking' });
      setAttempt(attempt + 1);
    },
  ];
}

export function TestAnswer({ testing, retry }: { testing: Testing; retry: () => void }) {
  return (
    <div role="status">
      {testing.kind === 'asking' && (
        <>
          <p>
            <Spinner size="md" aria-label="Sending the test message" /> The hub sends one message that is no event, and waits up to 20 seconds for the answer…
          </p>
          <Repeating busy repeats={testing.repeats} keyed={false} />
        </>
      )}
      {testing.kind === 'said' && (
        <Alert isInline component="p" variant={testing.delivered ? 'success' : 'danger'} title={testing.delivered ? 'The test message arrived' : 'The test message did not arrive'}>
          <p>The hub says: {testing.answer}</p>
        </Alert>
      )}
      {testing.kind === 'failed' && <Failed cause={testing.cause} retry={retry} inline byHand />}
    </div>
  );
}

function TestDialog({ one, close }: { one: Export; close: () => void }) {
  const [testing, again] = useTest(one.id);
  const id = useId();
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby={id}>
      <DialogHead title={`Test ${one.name}`} labelId={id} />
      <ModalBody>
        <TestAnswer testing={testing} retry={again} />
      </ModalBody>
      <DialogFoot>
        <Button variant="primary" onClick={again} isDisabled={testing.kind === 'asking'}>
          Send it again
        </Button>
        <Button variant="link" onClick={close}>
          Close
        </Button>
      </DialogFoot>
    </Modal>
  );
}
