/** The two moments of a comparison. */
import { Button, Form, FormGroup, TextInput } from '@patternfly/react-core';
import SyncAltIcon from '@patternfly/react-icons/dist/esm/icons/sync-alt-icon';
import { useId, useState } from 'react';

import { put, useAddress } from '../../../kit/address';
import { Fault } from '../../../kit/fault';
import { BEGINNING, momentOf, swapped, type Typed, typed } from '../span';

export interface Ends {
  from: string | undefined;
  to: string | undefined;
}

/** Both moments, as the address says them. Without `from` nothing was chosen yet. */
export function useSpan(): Ends & { set: (span: Ends) => void } {
  const [params, change] = useAddress();
  return {
    from: params.get('from') ?? undefined,
    to: params.get('to') ?? undefined,
    set: ({ from, to }) =>
      change((next) => {
        next.delete('cursor');
        put(next, 'from', from);
        put(next, 'to', to);
      }),
  };
}

const AGO: [string, number][] = [
  ['The last hour', 3_600_000],
  ['The last day', 86_400_000],
  ['The last week', 604_800_000],
];

export function SpanForm({ span, faults }: { span: Ends & { set: (span: Ends) => void }; faults: { from?: string | undefined; to?: string | undefined } }) {
  const [from, setFrom] = useState<Typed>(() => typed(span.from));
  const [to, setTo] = useState<Typed>(() => typed(span.to));
  const [own, setOwn] = useState<{ from?: string; to?: string }>({});
  const [seen, setSeen] = useState({ from: span.from, to: span.to });
  const show = (ends: Ends) => {
    setFrom(typed(ends.from));
    setTo(typed(ends.to));
    setOwn({});
  };
  if (seen.from !== span.from || seen.to !== span.to) {
    setSeen({ from: span.from, to: span.to });
    show(span);
  }
  const choose = (ends: Ends) => {
    show(ends);
    span.set(ends);
  };
  return (
    <Form
      className="cm-space-below"
      onSubmit={(event) => {
        event.preventDefault();
        const [first, second] = [momentOf(from, BEGINNING), momentOf(to, undefined)];
        setOwn({ ...('fault' in first && { from: first.fault }), ...('fault' in second && { to: second.fault }) });
        if ('moment' in first && 'moment' in second) span.set({ from: first.moment, to: second.moment });
      }}
    >
      <div className="cm-clusters-span">
        <End label="Earlier moment" open="Before the first event" value={from} change={setFrom} fault={own.from ?? faults.from} />
        <End label="Later moment" open="Now" value={to} change={setTo} fault={own.to ?? faults.to} />
      </div>
      <div className="cm-clusters-line">
        <Button type="submit">Compare</Button>
        <Button variant="secondary" icon={<SyncAltIcon />} onClick={() => choose(swapped(span, Date.now()))} isDisabled={span.from === undefined}>
          Swap the two
        </Button>
        {AGO.map(([title, time]) => (
          <Button key={title} variant="link" isInline onClick={() => choose({ from: new Date(Math.floor((Date.now() - time) / 1000) * 1000).toISOString(), to: undefined })}>
            {title}
          </Button>
        ))}
      </div>
    </Form>
  );
}

function End(props: { label: string; open: string; value: Typed; change: (value: Typed) => void; fault: string | undefined }) {
  const { label, open, value, change, fault } = props;
  const id = useId();
  return (
    <FormGroup label={label} role="group" fieldId={`${id}-group`}>
      <div className="cm-clusters-stack">
        <select className="cm-select" aria-label={`${label}: how it is told`} value={value.kind} onChange={(event) => change({ ...value, kind: event.target.value as Typed['kind'], text: '' })}>
          <option value="time">Date and time</option>
          <option value="position">Ledger position</option>
          <option value="open">{open}</option>
        </select>
        {value.kind !== 'open' && (
          <TextInput
            aria-label={`${label}: ${value.kind === 'time' ? 'date and time' : 'ledger position'}`}
            aria-describedby={fault ? `${id}-fault` : undefined}
            type={value.kind === 'time' ? 'datetime-local' : 'text'}
            {...(value.kind === 'time' ? { step: 1 } : { inputMode: 'numeric' as const, maxLength: 19 })}
            value={value.text}
            validated={fault ? 'error' : 'default'}
            onChange={(_event, text) => change({ ...value, text })}
          />
        )}
      </div>
      <Fault id={`${id}-fault`} text={fault} />
    </FormGroup>
  );
}
