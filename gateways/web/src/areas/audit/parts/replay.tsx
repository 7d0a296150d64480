/** A period of the audit log, replayed. */
import { Button, EmptyState, EmptyStateBody, Form, TextInput } from '@patternfly/react-core';
import { useEffect, useId, useMemo, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';

import { ButtonLink, Frame } from '../../../kit/parts';
import { Failed, fieldError, Loading } from '../../../kit/states';
import { count } from '../../../kit/words';
import { REPLAY_MOST, usePeriod } from '../queries';
import { Player } from '../replay/player';
import { fromField, hoursAgo, PRESETS, toField } from '../words';
import { Field } from './filters';

export function ReplayPage() {
  const [params] = useSearchParams();
  const [opened] = useState(() => Date.now());
  const [from, to] = [params.get('from'), params.get('to')];
  if (!from || !to) {
    const end = to || new Date(opened).toISOString();
    const start = from || hoursAgo(24, Date.parse(end) || opened);
    return <Navigate to={{ search: String(new URLSearchParams({ from: start, to: end })) }} replace />;
  }
  return <Replay from={from} to={to} />;
}

function Replay({ from, to }: { from: string; to: string }) {
  const query = usePeriod(from, to);
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  const pages = query.data?.pages;
  const entries = useMemo(() => pages?.flatMap(({ rows }) => rows) ?? [], [pages]);
  const first = pages?.[0];
  const most = entries.length >= REPLAY_MOST && first !== undefined && first.total > entries.length;
  return (
    <Frame
      title="Replay"
      about="What happened in a period, in the order in which it was recorded."
      actions={
        <ButtonLink to={`/audit?${new URLSearchParams({ from, to })}`} variant="secondary">
          These entries as a list
        </ButtonLink>
      }
    >
      <Period from={from} to={to} cause={query.error} />
      {query.isError && <Failed cause={query.error} retry={() => void (pages ? query.fetchNextPage() : query.refetch())} inline />}
      <p role="status" className="cm-subtle cm-space-below">
        {first &&
          (hasNextPage
            ? `${count(entries.length)} of ${first.atLeast ? 'at least ' : ''}${count(first.total)} entries are here; the others are being fetched.`
            : most
              ? `These are the first ${count(entries.length)} of ${first.atLeast ? 'at least ' : ''}${count(first.total)} entries: more are not replayed at once. Choose a shorter period to see the others.`
              : `${count(entries.length)} entries.`)}
      </p>
      {entries.length > 0 ? (
        <Player key={`${from} ${to}`} entries={entries} />
      ) : first ? (
        <EmptyState titleText="Nothing was recorded in this period" headingLevel="h2" variant="sm">
          <EmptyStateBody>Choose a longer one, or another.</EmptyStateBody>
        </EmptyState>
      ) : (
        !query.isError && <Loading what="The period" />
      )}
    </Frame>
  );
}

function Period({ from, to, cause }: { from: string; to: string; cause: unknown }) {
  const [, setParams] = useSearchParams();
  const [start, setStart] = useState(toField(from));
  const [end, setEnd] = useState(toField(to));
  // A preset changes the address: the fields say what it says, and keep the focus.
  const [shown, setShown] = useState(`${from} ${to}`);
  if (shown !== `${from} ${to}`) {
    setShown(`${from} ${to}`);
    setStart(toField(from));
    setEnd(toField(to));
  }
  const id = useId();
  const show = (next: { from: string | undefined; to: string | undefined }) => {
    if (next.from && next.to) setParams({ from: next.from, to: next.to });
  };
  const field = (name: 'from' | 'to', label: string, value: string, change: (value: string) => void) => (
    <Field id={`${id}-${name}`} label={label} error={fieldError(cause, name)}>
      <TextInput
        id={`${id}-${name}`}
        type="datetime-local"
        step={1}
        isRequired
        value={value}
        validated={fieldError(cause, name) ? 'error' : 'default'}
        aria-describedby={`${id}-${name}-help`}
        onChange={(_event, text) => change(text)}
      />
    </Field>
  );
  return (
    <Form
      className="cm-audit-filters"
      aria-label="Period"
      onSubmit={(event) => {
        event.preventDefault();
        show({ from: fromField(start), to: fromField(end) });
      }}
    >
      {field('from', 'From', start, setStart)}
      {field('to', 'Before', end, setEnd)}
      <div className="cm-audit-filter-buttons">
        <Button type="submit" variant="secondary">
          Show this period
        </Button>
        {PRESETS.map(({ hours, title }) => (
          <Button key={hours} variant="link" onClick={() => show({ from: hoursAgo(hours), to: new Date().toISOString() })}>
            {title}
          </Button>
        ))}
      </div>
    </Form>
  );
}
