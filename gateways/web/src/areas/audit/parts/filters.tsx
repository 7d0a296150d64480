/** The filters of the audit log. They stand in the address; what is wrong with one, the hub says, and it is shown beside it. */
import { Button, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { type ReactNode, useId, useState } from 'react';

import { fieldError } from '../../../kit/states';
import { word } from '../../../kit/words';
import { type Filter, FILTERS, type Filters } from '../queries';
import { ACTIONS, EVENT_TYPES, fromField, hoursAgo, PRESETS, toField } from '../words';
import { ActorFilter } from './actor';

const OUTCOMES = ['succeeded', 'failed', 'refused', 'failed,refused'];

export function FilterForm({ filters, filtered, cause, set, clear }: { filters: Filters; filtered: boolean; cause: unknown; set: (values: Filters) => void; clear: () => void }) {
  const [draft, setDraft] = useState<Filters>(filters);
  // Whatever changed the address: the fields say what it says, and keep the focus.
  const address = JSON.stringify(filters);
  const [shown, setShown] = useState(address);
  if (shown !== address) {
    setShown(address);
    setDraft(filters);
  }
  const id = useId();
  const [open, unfold] = useState(() => filtered || !matchMedia('(max-width: 48rem)').matches);
  const apply = (change: Filters = {}) => {
    const next = { ...draft, ...change };
    setDraft(next);
    // A name that is not there would stay as it is.
    if (FILTERS.some((name) => (next[name] ?? '') !== (filters[name] ?? ''))) set(Object.fromEntries(FILTERS.map((name) => [name, next[name]?.trim()])));
  };
  const text = (name: Filter, label: string, example: string, values: readonly string[] = []) => (
    <Field id={`${id}-${name}`} label={label} error={fieldError(cause, name)}>
      <TextInput
        id={`${id}-${name}`}
        value={draft[name] ?? ''}
        placeholder={example}
        maxLength={1000}
        autoComplete="off"
        list={values.length > 0 ? `${id}-${name}-list` : undefined}
        validated={fieldError(cause, name) ? 'error' : 'default'}
        aria-describedby={`${id}-${name}-help`}
        onChange={(_event, value) => setDraft({ ...draft, [name]: value })}
      />
      {values.length > 0 && (
        <datalist id={`${id}-${name}-list`}>
          {values.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </Field>
  );
  const moment = (name: 'from' | 'to', label: string) => (
    <Field id={`${id}-${name}`} label={label} error={fieldError(cause, name)}>
      <TextInput
        id={`${id}-${name}`}
        type="datetime-local"
        step={1}
        value={toField(draft[name])}
        validated={fieldError(cause, name) ? 'error' : 'default'}
        aria-describedby={`${id}-${name}-help`}
        onChange={(_event, value) => setDraft({ ...draft, [name]: fromField(value) })}
        onBlur={() => apply()}
      />
    </Field>
  );
  const outcomes = filters.outcome && !OUTCOMES.includes(filters.outcome) ? [...OUTCOMES, filters.outcome] : OUTCOMES;
  return (
    <details className="cm-audit-fold" open={open} onToggle={(event) => unfold(event.currentTarget.open)}>
      <summary>Filters</summary>
      <Form
        className="cm-audit-filters"
        aria-label="Filters"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <ActorFilter id={`${id}-actor`} value={draft.actor} error={fieldError(cause, 'actor')} change={(actor) => apply({ actor })} />
        {text('action', 'Command', 'cluster.import', ACTIONS)}
        {text('event_type', 'Event', 'cluster.imported.v1', EVENT_TYPES)}
        {text('target', 'Target', 'cluster, or an id', ['cluster', 'user', 'export', 'tenant'])}
        <Field id={`${id}-outcome`} label="Outcome" error={fieldError(cause, 'outcome')}>
          <select id={`${id}-outcome`} className="cm-select cm-audit-wide" aria-describedby={`${id}-outcome-help`} value={draft.outcome ?? ''} onChange={(event) => apply({ outcome: event.target.value })}>
            <option value="">Any</option>
            {outcomes.map((outcome) => (
              <option key={outcome} value={outcome}>
                {word(outcome.replace(',', ' or '))}
              </option>
            ))}
          </select>
        </Field>
        <Field id={`${id}-preset`} label="Period">
          <select
            id={`${id}-preset`}
            className="cm-select cm-audit-wide"
            value={draft.from || draft.to ? 'own' : ''}
            onChange={(event) => {
              const hours = Number(event.target.value);
              apply({ from: hours > 0 ? hoursAgo(hours) : undefined, to: undefined });
            }}
          >
            <option value="">All time</option>
            {PRESETS.map(({ hours, title }) => (
              <option key={hours} value={hours}>
                {title}
              </option>
            ))}
            <option value="own" disabled>
              As given
            </option>
          </select>
        </Field>
        {moment('from', 'From')}
        {moment('to', 'Before')}
        <div className="cm-audit-filter-buttons">
          <Button type="submit" variant="secondary">
            Filter
          </Button>
          {filtered && (
            <Button variant="link" onClick={clear}>
              Clear the filters
            </Button>
          )}
        </div>
      </Form>
    </details>
  );
}

export function Field({ id, label, error, help, children }: { id: string; label: string; error?: string | undefined; help?: string; children: ReactNode }) {
  return (
    <FormGroup label={label} fieldId={id}>
      {children}
      <FormHelperText id={`${id}-help`} aria-live="polite">
        {(error ?? help) && (
          <HelperText>
            <HelperTextItem variant={error ? 'error' : 'default'}>{error ?? help}</HelperTextItem>
          </HelperText>
        )}
      </FormHelperText>
    </FormGroup>
  );
}
