/** What the other side refused for ever. */
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import HistoryIcon from '@patternfly/react-icons/dist/esm/icons/history-icon';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { useMay } from '../../../app/me';
import { type Column, ListTable, useListState } from '../../../kit/list';
import { ButtonLink, Frame, When } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { count, eventWord } from '../../../kit/words';
import { type DeadLetter, useDeadLetters, useExport } from '../queries';
import { ActionDialog } from './actions';

const COLUMNS: Column<DeadLetter>[] = [
  { title: 'Position', cell: (one) => <Link to={`/audit/at/${one.position}`}>{count(one.position)}</Link> },
  {
    title: 'Event',
    cell: (one) => (
      <>
        {eventWord(one.event_type)} <code className="cm-subtle">{one.event_id}</code>
      </>
    ),
  },
  { title: 'Why it was set aside', wide: true, cell: (one) => one.error },
  { title: 'Tried', cell: (one) => `${count(one.attempts)} ${one.attempts === 1 ? 'time' : 'times'}` },
  { title: 'Since', cell: (one) => <When time={one.since} /> },
];

export function DeadLettersPage() {
  const { id = '' } = useParams();
  const { asOf, set } = useMoment();
  const may = useMay('exports:manage');
  const [asking, setAsking] = useState(false);
  const state = useListState([] as const);
  const present = asOf === undefined;
  const one = useExport(id, undefined).data;
  const query = useDeadLetters(id, { limit: state.limit, cursor: state.cursor }, present);
  const some = (query.data?.total ?? 0) > 0;
  return (
    <Frame
      title={one ? `Dead letters of ${one.name}` : 'Dead letters'}
      about="Events that the other side refused for ever. They hold up nothing, and wait here to be tried again."
      actions={
        <>
          <ButtonLink variant="link" to={`/exports/${id}`}>
            Back to the export
          </ButtonLink>
          {may && present && some && one && one.status !== 'deleted' && <Button onClick={() => setAsking(true)}>Try all again</Button>}
        </>
      }
    >
      {present ? (
        <ListTable label="Dead letters" noun={['dead letter', 'dead letters']} columns={COLUMNS} state={state} query={query} rowKey={(letter) => letter.event_id} empty={<NoneDead />} />
      ) : (
        <EmptyState titleText="Dead letters are only known of now" headingLevel="h2" icon={HistoryIcon}>
          <EmptyStateBody>What was delivered is no event of the ledger: of the past there is nothing to show.</EmptyStateBody>
          <EmptyStateFooter>
            <EmptyStateActions>
              <Button onClick={() => set(undefined)}>Back to now</Button>
            </EmptyStateActions>
          </EmptyStateFooter>
        </EmptyState>
      )}
      {asking && one && <ActionDialog one={one} ask="retry" close={() => setAsking(false)} />}
    </Frame>
  );
}

function NoneDead() {
  return (
    <EmptyState titleText="Nothing is set aside" headingLevel="h2" icon={CheckCircleIcon} status="success">
      <EmptyStateBody>The other side has refused no event, or has taken all of them since.</EmptyStateBody>
    </EmptyState>
  );
}
