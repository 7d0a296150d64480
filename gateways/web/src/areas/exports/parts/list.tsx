/** Every export, and how it is doing. */
import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, SearchInput } from '@patternfly/react-core';
import ExportIcon from '@patternfly/react-icons/dist/esm/icons/export-icon';
import { useState } from 'react';
import { Link } from 'react-router';

import { useMay } from '../../../app/me';
import { type Column, ListTable, useListState } from '../../../kit/list';
import { ButtonLink, Frame, Hidden, When } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { count } from '../../../kit/words';
import { type Export, useExports } from '../queries';
import { addressOf, ExportStatus, Failing, FORMATS, kindWord, Known, spell } from './words';

/** Within the past one stays in the past. */
export function pastQuery(asOf: string | undefined): string {
  return asOf === undefined ? '' : `?as_of=${encodeURIComponent(asOf)}`;
}

function columns(asOf: string | undefined): Column<Export>[] {
  const said: Column<Export>[] = [
    { title: 'Name', sort: 'name', cell: (one) => <Link to={`/exports/${one.id}${pastQuery(asOf)}`}>{one.name}</Link> },
    { title: 'Status', sort: 'status', cell: (one) => <ExportStatus status={one.status} /> },
    { title: 'Format', cell: (one) => FORMATS[one.format] },
    {
      title: 'Goes to',
      wide: true,
      cell: (one) => (
        <>
          {kindWord(one.transport)} <code className="cm-breaks">{addressOf(one.transport)}</code>
        </>
      ),
    },
  ];
  // Of the past nobody knows how an export was doing.
  if (asOf !== undefined) return said;
  return [
    ...said,
    {
      title: 'Lag',
      cell: (one) =>
        one.lag_events === null ? (
          <Known value={null} />
        ) : (
          <span className="cm-exports-lag">
            {count(one.lag_events)} {one.lag_events === 1 ? 'event' : 'events'}, <br />
            {spell(one.lag_seconds ?? 0)}
          </span>
        ),
    },
    { title: 'Last delivered', cell: (one) => <When time={one.last_delivered_at} /> },
    { title: 'Last error', wide: true, cell: (one) => <Failing one={one} /> },
    {
      title: 'Dead letters',
      cell: (one) => (one.dead_letters ? <DeadLetters one={one} number={one.dead_letters} /> : <Known value={one.dead_letters} />),
    },
  ];
}

function DeadLetters({ one, number }: { one: Export; number: number }) {
  return (
    <Link to={`/exports/${one.id}/dead-letters`}>
      {count(number)}
      <Hidden>
        {' '}
        dead letters of {one.name}
      </Hidden>
    </Link>
  );
}

export function ExportsPage() {
  const { asOf } = useMoment();
  const may = useMay('exports:manage');
  const state = useListState(['status', 'name'] as const, { sort: 'name' });
  const query = useExports({ status: state.filters.status, name: state.filters.name, sort: state.sort, limit: state.limit, cursor: state.cursor, asOf });
  const canCreate = may && asOf === undefined;
  return (
    <Frame
      title="Exports"
      about="Where the events of the audit log go out to."
      actions={canCreate && <ButtonLink to="/exports/new">Create an export</ButtonLink>}
    >
      <Filters key={state.filters.name ?? ''} state={state} />
      <ListTable
        label="Exports"
        noun={['export', 'exports']}
        columns={columns(asOf)}
        state={state}
        query={query}
        rowKey={(one) => one.id}
        empty={<NoExports canCreate={canCreate} past={asOf !== undefined} />}
      />
    </Frame>
  );
}

function Filters({ state }: { state: ReturnType<typeof useListState<'status' | 'name'>> }) {
  const [name, setName] = useState(state.filters.name ?? '');
  return (
    <div role="search" aria-label="Filter the exports" className="cm-exports-filters">
      <SearchInput
        aria-label="Name, in full"
        placeholder="Name, in full"
        value={name}
        onChange={(_event, text) => setName(text)}
        onSearch={() => state.set({ name: name.trim() })}
        onClear={() => {
          setName('');
          state.set({ name: undefined });
        }}
      />
      <label>
        Status{' '}
        <select className="cm-select" value={state.filters.status ?? ''} onChange={(event) => state.set({ status: event.target.value })}>
          <option value="">All but the deleted</option>
          <option value="active">Active</option>
          <option value="paused">Paused</option>
          <option value="deleted">Deleted</option>
          <option value="active,paused,deleted">All</option>
        </select>
      </label>
    </div>
  );
}

function NoExports({ canCreate, past }: { canCreate: boolean; past: boolean }) {
  return (
    <EmptyState titleText={past ? 'There were no exports then' : 'No exports yet'} headingLevel="h2" icon={ExportIcon}>
      <EmptyStateBody>
        <p>
          An export sends every event that is recorded here to your SIEM, as it happens: who did what, to which cluster, and with what outcome. Events go out in the
          order of the ledger, at least once, and nothing is left out silently.
        </p>
        <p>It speaks OCSF, ECS, CEF, LEEF or JSON, by syslog, Splunk HEC, Elasticsearch, webhook, file or Kafka.</p>
        {!canCreate && !past && <p>An administrator of your tenant can create one.</p>}
      </EmptyStateBody>
      {canCreate && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <ButtonLink to="/exports/new">Create the first export</ButtonLink>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}
