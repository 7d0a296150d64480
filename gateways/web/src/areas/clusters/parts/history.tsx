/** What happened to a cluster, the newest first. */
import { EmptyState, EmptyStateBody, ExpandableSection } from '@patternfly/react-core';
import { useState } from 'react';
import { Link } from 'react-router';

import { useMay } from '../../../app/me';
import { changes, DiffTable } from '../../../kit/diff';
import { Found, foundText } from '../../../kit/found';
import { Pager, useListState } from '../../../kit/list';
import { Hidden, OutcomeLabel, When } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { Answered } from '../../../kit/states';
import { eventWord, sentence } from '../../../kit/words';
import { type Entry, useHistory } from '../queries';
import { clusterPath } from './list';

/** So many changed members are shown at once; more are unfolded. */
const FEW = 3;

export function History({ id, asOf }: { id: string; asOf: string | undefined }) {
  const state = useListState([]);
  const query = useHistory(id, { limit: state.limit, cursor: state.cursor, asOf });
  return (
    <Answered query={query} what="The history">
      {(page) =>
        page.rows.length === 0 ? (
          <EmptyState titleText="Nothing had happened yet" headingLevel="h2" variant="sm">
            <EmptyStateBody>There is no entry up to this moment.</EmptyStateBody>
          </EmptyState>
        ) : (
          <>
            <Found text={query.isPlaceholderData ? undefined : foundText(page, ['event', 'events'])} />
            <Timeline label="History" entries={page.rows} />
            <Pager state={state} page={page} />
          </>
        )
      }
    </Answered>
  );
}

export function Timeline({ label, entries, level = 'h2' }: { label: string; entries: readonly Entry[]; level?: 'h2' | 'h3' }) {
  const reads = useMay('audit:read');
  return (
    <ol className="cm-plain-list cm-clusters-timeline" aria-label={label} reversed>
      {entries.map((entry) => (
        <li key={entry.id}>
          <Happened entry={entry} reads={reads} level={level} />
        </li>
      ))}
    </ol>
  );
}

function Happened({ entry, reads, level: Heading }: { entry: Entry; reads: boolean; level: 'h2' | 'h3' }) {
  const changed = changes(entry.before, entry.after);
  const [open, setOpen] = useState(changed.length <= FEW);
  const where = <Hidden> at position {entry.position}</Hidden>;
  return (
    <article aria-label={`${eventWord(entry.event_type)}, position ${entry.position}`}>
      <div className="cm-clusters-line">
        <Heading className="cm-clusters-what">{eventWord(entry.event_type)}</Heading>
        <OutcomeLabel outcome={entry.outcome} />
        <span className="cm-subtle">
          <When time={entry.recorded_at} /> by <Who actor={entry.actor} />
        </span>
      </div>
      <p>{sentence(entry.summary)}</p>
      {entry.reason && (
        <p>
          <strong>Reason:</strong> {entry.reason}
        </p>
      )}
      {entry.change_request && (
        <p>
          <strong>Change request:</strong> {entry.change_request}
        </p>
      )}
      {changed.length > 0 && (
        <ExpandableSection toggleContent={
            <>
              {changed.length === 1 ? 'One member changed' : `${changed.length} members changed`}
              {where}
            </>
          }
          isIndented isExpanded={open} onToggle={(_event, next) => setOpen(next)}>
          <DiffTable before={entry.before} after={entry.after} label={`What changed at position ${entry.position}`} />
        </ExpandableSection>
      )}
      <p className="cm-clusters-line">
        {reads && (
          <Link to={`/audit/${entry.id}`}>
            Entry in the audit log
            {where}
          </Link>
        )}
        <Link to={clusterPath(entry.target_id, String(entry.position))}>
          The cluster right after
          <Hidden> position {entry.position}</Hidden>
        </Link>
        <Link to={`/clusters/${entry.target_id}/compare?from=${entry.position - 1}&to=${entry.position}`}>
          Compare with right before
          <Hidden> position {entry.position}</Hidden>
        </Link>
      </p>
    </article>
  );
}
