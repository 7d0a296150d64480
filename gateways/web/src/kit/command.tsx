/** Commands: sent under a key of their own, repeated until there is an answer, and told of by a toast that leads to their event. */
import { Button, CodeBlock, CodeBlockCode, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, Modal, ModalBody, TextInput } from '@patternfly/react-core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useId, useRef, useState } from 'react';

import type { Receipt, Schemas } from '../api/client';
import { asProblem, undecided } from '../api/problem';
import { DialogFoot, DialogHead } from './dialog';
import { useUnsaved } from './leave';
import { intoSight, repeated, Repeating, type Repeats } from './repeats';
import { Failed } from './states';
import { useToasts } from './toasts';
import { eventWord } from './words';

/** Why something is done; it stands in the audit log. */
export interface Why {
  reason: string;
  changeRequest: string;
}

/** What every command is sent with. Header values are bytes: a reason is UTF-8, each byte as one character. */
export interface CommandHeaders {
  'Idempotency-Key': string;
  Reason?: string;
  'Change-Request'?: string;
  'If-Match'?: string;
}

function headersOf(key: string, why?: Why): CommandHeaders {
  const utf8 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
  return {
    'Idempotency-Key': key,
    ...(why?.reason.trim() ? { Reason: utf8(why.reason.trim()) } : {}),
    ...(why?.changeRequest.trim() ? { 'Change-Request': why.changeRequest.trim() } : {}),
  };
}

interface Intent {
  input: string;
  key: string;
  attempts: number;
  /** One of the attempts may have been recorded without an answer. */
  unheard: boolean;
}

/**
 * A command. `send` must pass the headers on: under one key the hub does a thing once, however often it is asked, so that a cut
 * connection is answered by asking again.
 */
export function useCommand<Input, T>(options: {
  /** What the toast says once it is recorded. */
  done: (body: T, input: Input) => string;
  send: (input: Input, headers: CommandHeaders) => Promise<Receipt<T>>;
  why?: (input: Input) => Why | undefined;
  onDone?: (body: T, input: Input) => void;
  /** What leaving would lose while it is under way: its answer. */
  waiting?: string;
  /** Whether another query string of the page is leaving, too. */
  bySearch?: boolean;
}) {
  const client = useQueryClient();
  const toasts = useToasts();
  // The same input is the same intent, also when its button is pressed again after a failure.
  const intent = useRef<Intent | undefined>(undefined);
  const [repeats, setRepeats] = useState<Repeats>();
  const mutation = useMutation({
    mutationFn: async (input: Input) => {
      const said = JSON.stringify(input);
      if (intent.current?.input !== said) intent.current = { input: said, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, attempts: 0, unheard: false };
      const mine = intent.current;
      const headers = headersOf(mine.key, options.why?.(input));
      setRepeats(undefined);
      const send = async () => {
        mine.attempts += 1;
        try {
          return await options.send(input, headers);
        } catch (cause) {
          mine.unheard ||= asProblem(cause).unheard;
          throw cause;
        }
      };
      try {
        return await repeated(send, setRepeats);
      } catch (cause) {
        const problem = asProblem(cause);
        throw problem.passing && mine.unheard ? undecided(problem.problem, mine.attempts) : problem;
      }
    },
    onSuccess: ({ body, position }, input) => {
      intent.current = undefined;
      toasts.recorded(options.done(body, input), position);
      sent();
      options.onDone?.(body, input);
      // Who somebody is changes by a command on their account alone, which says so itself.
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'people' });
    },
    onError: (cause) => {
      // Decided and refused: the next time is another one.
      const { passing, problem } = asProblem(cause);
      if (!passing && problem.status >= 400 && problem.status < 500 && problem.status !== 401) intent.current = undefined;
    },
  });
  const waiting = options.waiting ?? 'The answer to what was sent. It may be carried out all the same.';
  const sent = useUnsaved(mutation.isPending ? [waiting] : [], { bySearch: options.bySearch ?? false });
  return { ...mutation, repeats };
}

/** The events that a command would record, from its dry run. */
export function PlannedEvents({ plan }: { plan: Schemas['Plan'] }) {
  if (plan.events.length === 0) return <p>Nothing would be recorded: it already is so.</p>;
  return (
    <DescriptionList aria-label="Events that will be recorded" isCompact>
      {plan.events.map((event, index) => (
        <DescriptionListGroup key={index}>
          <DescriptionListTerm>
            {eventWord(event.type)} <code className="cm-subtle">{event.type}</code>
          </DescriptionListTerm>
          <DescriptionListDescription>
            <CodeBlock>
              {/* Scrolled by the keyboard as well. */}
              {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region has to be reached */}
              <div className="cm-scroll" tabIndex={0} role="region" aria-label={`Body of ${event.type}`}>
                <CodeBlockCode>{JSON.stringify(event.payload, null, 2)}</CodeBlockCode>
              </div>
            </CodeBlock>
          </DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  );
}

/** Reason and change request. */
export function WhyFields({ why, change }: { why: Why; change: (why: Why) => void }) {
  const id = useId();
  return (
    <>
      <FormGroup label="Reason" fieldId={`${id}-reason`}>
        <TextInput id={`${id}-reason`} maxLength={500} value={why.reason} onChange={(_event, reason) => change({ ...why, reason })} />
        <FormHelperText>
          <HelperText>
            <HelperTextItem>Optional. It stands in the audit log, in the clear, for ever: name no people.</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <FormGroup label="Change request" fieldId={`${id}-change`}>
        <TextInput
          id={`${id}-change`}
          maxLength={128}
          placeholder="CHG-123"
          value={why.changeRequest}
          onChange={(_event, changeRequest) => change({ ...why, changeRequest: changeRequest.replaceAll(/[^!-~]/g, '') })}
        />
      </FormGroup>
    </>
  );
}

/** Asks once more before a command: what will be recorded, why, and where it matters the name of what it is done to. */
export function ConfirmCommand(props: {
  title: string;
  children: ReactNode;
  /** The dry run. */
  plan: ReactNode;
  button: string;
  danger?: boolean;
  /** Has to be typed. */
  typed?: string;
  /** Whether what it needs to know has been said; left out, it has. */
  ready?: boolean;
  failure: unknown;
  busy: boolean;
  repeats: Repeats | undefined;
  confirm: (why: Why) => void;
  close: () => void;
}) {
  const [why, setWhy] = useState<Why>({ reason: '', changeRequest: '' });
  const [typed, setTyped] = useState('');
  const id = useId();
  const written = [why.reason && 'The reason', why.changeRequest && 'The change request'].filter(Boolean);
  useUnsaved(props.busy ? [] : written.map((one) => `${one} that you wrote.`));
  // What is under way is heard out.
  const close = () => (props.busy ? undefined : props.close());
  const allowed = props.ready !== false && (props.typed === undefined || typed === props.typed);
  return (
    <Modal isOpen variant="medium" onClose={close} aria-labelledby={`${id}-title`}>
      <DialogHead title={props.title} labelId={`${id}-title`} titleIconVariant={props.danger ? 'warning' : undefined} />
      <ModalBody tabIndex={0} role="region" aria-labelledby={`${id}-title`}>
        {props.children}
        <h2 className="cm-heading">What will be recorded</h2>
        {props.plan}
        <Form
          id={`${id}-form`}
          className="cm-space-above"
          onSubmit={(event) => {
            event.preventDefault();
            if (allowed && !props.busy) props.confirm(why);
          }}
        >
          <WhyFields why={why} change={setWhy} />
          {props.typed !== undefined && (
            <FormGroup label={`Type ${props.typed} to confirm`} isRequired fieldId={`${id}-typed`}>
              <TextInput id={`${id}-typed`} autoComplete="off" value={typed} onChange={(_event, text) => setTyped(text)} />
            </FormGroup>
          )}
        </Form>
        <Repeating busy={props.busy} repeats={props.repeats} />
        {props.failure !== null && props.failure !== undefined && (
          <div ref={intoSight} className="cm-space-above">
            <Failed cause={props.failure} inline />
          </div>
        )}
      </ModalBody>
      <DialogFoot>
        <Button
          type="submit"
          form={`${id}-form`}
          variant={props.danger ? 'danger' : 'primary'}
          isLoading={props.busy}
          isDisabled={!allowed || props.busy}
        >
          {props.button}
        </Button>
        <Button variant="link" isDisabled={props.busy} onClick={close}>
          Cancel
        </Button>
      </DialogFoot>
    </Modal>
  );
}
