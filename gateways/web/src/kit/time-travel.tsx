/** Choosing the moment that a page tells of: by a slider, by date and time, or from event to event. */
import './time-travel.css';

import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import AngleLeftIcon from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import AngleRightIcon from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { useEffect, useId, useState } from 'react';

import { useDebounced } from './debounce';
import { type Moment, momentWord } from './past';
import { asOfStep, fromField, neighbours, stepOf, STEPS, timeOf, timeOfMoment, toField, type TravelEvent } from './travel';
import { at } from './words';

/** What is chosen is asked for once the hand rests. */
const PAUSE = 300;
const TYPING = 700;
const MARKS = 200;

/** Something chosen that the address does not say yet. It holds for the moment over which it was chosen. */
interface Draft<T> {
  over: string | undefined;
  value: T;
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export function TimeTravel(props: {
  moment: Moment;
  /** The oldest moment of which something is known; `undefined` until that itself is known. */
  from: string | undefined;
  /** Where something happened, in any order. */
  events?: readonly TravelEvent[] | undefined;
  /** The time of what is shown, for a position whose event is not among these. */
  told?: string | undefined;
}) {
  const { moment, events = [], told } = props;
  const now = useNow();
  const [slid, setSlid] = useState<Draft<number>>();
  const set = useDebounced((asOf: string | undefined) => moment.set(asOf), PAUSE);
  const id = useId();
  const from = props.from === undefined ? undefined : Date.parse(props.from);
  const time = moment.asOf === undefined ? now : timeOfMoment(moment.asOf, events, told);
  const drawn = slid && slid.over === moment.asOf ? slid.value : undefined;
  const start = from ?? now;
  const step = drawn ?? (moment.asOf === undefined ? STEPS : Math.min(STEPS - 1, stepOf(time ?? start, start, now)));
  const said = drawn === undefined ? (moment.asOf === undefined ? 'now' : momentWord(moment.asOf)) : drawn >= STEPS ? 'now' : at(timeOf(drawn, start, now));
  const near = neighbours(moment.asOf, events);
  return (
    <div className="cm-travel" role="group" aria-label="Moment">
      <div className="cm-travel-row">
        <div className="cm-travel-slide">
          <label htmlFor={`${id}-slide`}>
            Moment: <strong>{said}</strong>
          </label>
          <input
            id={`${id}-slide`}
            type="range"
            min={0}
            max={STEPS}
            step={1}
            value={step}
            disabled={from === undefined}
            aria-valuetext={said}
            onChange={(event) => {
              const value = Number(event.target.value);
              setSlid({ over: moment.asOf, value });
              set(asOfStep(value, start, now));
            }}
          />
          {events.length > 0 && <Marks events={events} from={start} now={now} />}
          <div className="cm-travel-ends cm-subtle" aria-hidden>
            <span>{from === undefined ? '' : at(from)}</span>
            <span>now</span>
          </div>
        </div>
      </div>
      <div className="cm-travel-row">
        <Field moment={moment} time={moment.asOf === undefined ? undefined : time} from={from} now={now} />
        {props.events && (
          <>
            <Button variant="secondary" icon={<AngleLeftIcon />} isAriaDisabled={!near.previous} onClick={() => near.previous && moment.set(String(near.previous.position))}>
              Previous event
            </Button>
            <Button
              variant="secondary"
              icon={<AngleRightIcon />}
              iconPosition="end"
              isAriaDisabled={moment.asOf === undefined}
              onClick={() => moment.set(near.next && String(near.next.position))}
            >
              {near.next || moment.asOf === undefined ? 'Next event' : 'To now'}
            </Button>
          </>
        )}
      </div>
      {props.events && (
        <p className="cm-subtle" aria-live="polite">
          {near.at ? `Right after: ${near.at.summary ?? `the event at position ${near.at.position}`}` : ''}
        </p>
      )}
    </div>
  );
}

/** Where events lie. With very many of them every place is one: then only some are drawn. */
function Marks({ events, from, now }: { events: readonly TravelEvent[]; from: number; now: number }) {
  const steps = [...new Set(events.map((event) => stepOf(Date.parse(event.recorded_at), from, now)))].slice(0, MARKS);
  return (
    <svg className="cm-travel-marks" viewBox={`0 0 ${STEPS} 10`} preserveAspectRatio="none" aria-hidden focusable={false}>
      {steps.map((step) => (
        <line key={step} x1={step} x2={step} y1={1} y2={9} stroke="currentColor" strokeWidth={2} vectorEffect="non-scaling-stroke" />
      ))}
    </svg>
  );
}

const RULES = { incomplete: '', 'too early': 'Nothing was recorded before that.', 'too late': 'That moment has not come yet.' };

function Field({ moment, time, from, now }: { moment: Moment; time: number | undefined; from: number | undefined; now: number }) {
  const [typed, setTyped] = useState<Draft<string>>();
  const text = typed && typed.over === moment.asOf ? typed.value : time === undefined ? '' : toField(time);
  const set = useDebounced((asOf: string) => moment.set(asOf), TYPING);
  const id = useId();
  const read = fromField(text, from, now);
  const rule = typed && 'rule' in read ? RULES[read.rule] : '';
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <FormGroup label="Date and time" fieldId={id} className="cm-travel-field">
      <TextInput
        id={id}
        type="datetime-local"
        step={1}
        max={toField(now)}
        value={text}
        validated={rule ? 'error' : 'default'}
        aria-describedby={`${id}-help`}
        onChange={(_event, value) => {
          setTyped({ over: moment.asOf, value });
          const moved = fromField(value, from, now);
          if ('asOf' in moved) set(moved.asOf);
        }}
      />
      <FormHelperText>
        <HelperText>
          <HelperTextItem id={`${id}-help`} variant={rule ? 'error' : 'default'}>
            {rule || `In your time zone${zone ? `, ${zone}` : ''}.`}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
