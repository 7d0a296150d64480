/** Sending events once more: from which position on. */
import { FormGroup, FormHelperText, HelperText, HelperTextItem, Radio, Spinner, TextInput } from '@patternfly/react-core';
import { useId, useState } from 'react';

import { ConfirmCommand, PlannedEvents } from '../../../kit/command';
import { Answered, Failed, fieldError } from '../../../kit/states';
import { at, count } from '../../../kit/words';
import { type Export, useEntryAt, usePlan } from '../queries';
import { useDeed } from './actions';

type From = 'beginning' | 'position' | 'time';

/** A ledger position as somebody types it. */
export function readPosition(text: string): number | undefined {
  const digits = text.trim();
  const value = Number(digits);
  return /^[1-9]\d*$/.test(digits) && Number.isSafeInteger(value) ? value : undefined;
}

/** What `datetime-local` gives, in the time zone of the browser. */
export function readTime(text: string): Date | undefined {
  const time = new Date(text);
  return text && !Number.isNaN(time.getTime()) ? time : undefined;
}

export function ReplayDialog({ one, close }: { one: Export; close: () => void }) {
  const [from, setFrom] = useState<From>('time');
  const [typed, setTyped] = useState('');
  const [moment, setMoment] = useState('');
  const time = from === 'time' ? readTime(moment) : undefined;
  const entry = useEntryAt(time);
  const position = from === 'beginning' ? 1 : from === 'position' ? readPosition(typed) : time ? entry.data?.position : undefined;
  const deed = position === undefined ? undefined : { kind: 'replay' as const, from: position };
  const plan = usePlan(one.id, deed);
  // How far the ledger reaches only the hub knows.
  const refused = from === 'position' ? fieldError(plan.error, '/from') : undefined;
  const wrong = typed !== '' && position === undefined ? 'It must be a whole number, 1 or more.' : refused && `The hub says: ${refused}.`;
  const command = useDeed(one, `sends events once more from position ${count(position ?? 1)} on`, close);
  const id = useId();
  const choice = (value: From, label: string) => (
    <Radio id={`${id}-from-${value}`} name={`${id}-from`} label={label} isChecked={from === value} onChange={() => setFrom(value)} />
  );
  return (
    <ConfirmCommand
      title={`Replay ${one.name}`}
      button="Replay"
      ready={deed !== undefined && plan.isSuccess}
      plan={
        deed && !refused ? (
          <Answered query={plan} what="The preview">
            {(found) => <PlannedEvents plan={found} />}
          </Answered>
        ) : (
          <p className="cm-subtle">Say from where on first.</p>
        )
      }
      failure={command.error}
      busy={command.isPending}
      repeats={command.repeats}
      confirm={(why) => deed && command.mutate({ deed, why, revision: one.revision })}
      close={close}
    >
      <p>Events go out once more, from a ledger position on. Whoever receives them tells repeats by the event&apos;s id.</p>
      <fieldset className="cm-exports-choice">
        <legend className="cm-heading">From where on</legend>
        {choice('time', 'From a date and time')}
        {choice('position', 'From a ledger position')}
        {choice('beginning', 'From the beginning')}
      </fieldset>
      {from === 'time' && (
        <FormGroup label="Date and time" fieldId={`${id}-moment`} className="cm-space-above">
          <TextInput id={`${id}-moment`} type="datetime-local" step={1} value={moment} onChange={(_event, text) => setMoment(text)} />
          <Found time={time} entry={entry} />
        </FormGroup>
      )}
      {from === 'position' && (
        <FormGroup label="Ledger position" fieldId={`${id}-position`} className="cm-space-above">
          <TextInput id={`${id}-position`} inputMode="numeric" value={typed} validated={wrong ? 'error' : 'default'} onChange={(_event, text) => setTyped(text)} />
          {wrong && <Hint error>{wrong}</Hint>}
        </FormGroup>
      )}
    </ConfirmCommand>
  );
}

function Hint({ error, children }: { error?: boolean; children: React.ReactNode }) {
  return (
    <FormHelperText>
      <HelperText aria-live="polite">
        <HelperTextItem variant={error ? 'error' : 'default'}>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}

function Found({ time, entry }: { time: Date | undefined; entry: ReturnType<typeof useEntryAt> }) {
  if (!time) return <Hint>In the time zone of this browser.</Hint>;
  if (entry.isError) return <Failed cause={entry.error} retry={() => void entry.refetch()} inline />;
  if (entry.data === undefined) return <Spinner size="md" aria-label="Looking up the position" />;
  if (entry.data === null) return <Hint error>Nothing was recorded since then: there is nothing to replay.</Hint>;
  return (
    <Hint>
      That is position {count(entry.data.position)}, recorded on {at(entry.data.recorded_at)}: {entry.data.summary}
    </Hint>
  );
}
