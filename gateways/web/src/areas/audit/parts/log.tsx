/** The audit log as a list. */
import { EmptyState, EmptyStateBody } from '@patternfly/react-core';
import { Link } from 'react-router';

import { type Column, ListTable, useListState } from '../../../kit/list';
import { ButtonLink, Frame, Hidden, OutcomeLabel, When } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { Who } from '../../../kit/people';
import { count, eventWord } from '../../../kit/words';
import { type Entry, FILTERS, useEntries } from '../queries';
import { Target } from './about';
import { FilterForm } from './filters';

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'When', sort: 'recorded_at', cell: (entry) => <When time={entry.recorded_at} /> },
  {
    title: 'What',
    wide: true,
    names: true,
    cell: (entry) => (
      <>
        <Link to={`/audit/${entry.id}`}>
          {eventWord(entry.event_type)}
          <Hidden> at position {count(entry.position)}</Hidden>
        </Link>
        <div className="cm-subtle">{entry.summary}</div>
      </>
    ),
  },
  { title: 'Who', cell: (entry) => <div className="cm-audit-cell"><Who actor={entry.actor} /></div> },
  { title: 'Target', cell: (entry) => <div className="cm-audit-cell"><Target entry={entry} /></div> },
  { title: 'Outcome', cell: (entry) => <OutcomeLabel outcome={entry.outcome} /> },
];

export function LogPage() {
  const state = useListState(FILTERS, { sort: '-recorded_at' });
  const { asOf } = useMoment();
  const query = useEntries(state, asOf);
  const period = new URLSearchParams(Object.entries(state.filters).filter(([name]) => name === 'from' || name === 'to'));
  return (
    <Frame
      title="Audit"
      about="Everything that happened in this tenant, and whatever was refused. Nothing here can be changed; each entry can be proven."
      actions={
        <ButtonLink to={`/audit/replay?${period}`} variant="secondary">
          Replay a period
        </ButtonLink>
      }
    >
      <FilterForm filters={state.filters} filtered={state.filtered} cause={query.error} set={state.set} clear={state.clear} />
      <ListTable
        label="Audit log"
        noun={['entry', 'entries']}
        columns={COLUMNS}
        state={state}
        query={query}
        rowKey={(entry) => entry.id}
        empty={
          <EmptyState titleText="Nothing was recorded yet" headingLevel="h2" variant="sm">
            <EmptyStateBody>{asOf === undefined ? 'As soon as somebody does something, it stands here.' : 'At that moment the ledger of this tenant was empty.'}</EmptyStateBody>
          </EmptyState>
        }
      />
    </Frame>
  );
}
