/** From a ledger position to the entry that stands there. */
import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Link, Navigate, useParams } from 'react-router';

import type { Page } from '../../../api/client';
import { ButtonLink, Frame } from '../../../kit/parts';
import { Answered, fieldError } from '../../../kit/states';
import { count } from '../../../kit/words';
import { type Entry, useEntryAt } from '../queries';

export function AtPosition() {
  const given = useParams()['position'] ?? '';
  const position = /^[1-9][0-9]{0,15}$/.test(given) ? Number(given) : NaN;
  const query = useEntryAt(position);
  if (!Number.isSafeInteger(position)) {
    return <Nothing title="This is no ledger position" text="A ledger position is a whole number from 1 on." />;
  }
  if (!query.data && (fieldError(query.error, 'min_position') ?? fieldError(query.error, 'as_of'))) {
    return <Nothing title={`The ledger does not reach position ${count(position)}`} text="It ends before. The address may have a typing error." />;
  }
  return (
    <Asked query={query} position={position}>
      {({ rows: [entry] }) =>
        entry?.position === position ? (
          <Navigate to={`/audit/${entry.id}`} replace />
        ) : (
          <Nothing
            title={`No entry of your tenant stands at position ${count(position)}`}
            text="Positions count the events of all tenants of this hub; one that is not yours is not shown."
            before={entry?.id}
          />
        )
      }
    </Asked>
  );
}

/** The heading stands there before the answer does. */
function Asked({ query, position, children }: { query: ReturnType<typeof useEntryAt>; position: number; children: (found: Page<Entry>) => ReactNode }) {
  const title = `The entry at position ${count(position)}`;
  if (query.data) return children(query.data);
  return (
    <Frame title={title}>
      <Answered query={query} what={title} back={<ButtonLink to="/audit" variant="link">To the audit log</ButtonLink>}>
        {() => null}
      </Answered>
    </Frame>
  );
}

function Nothing({ title, text, before }: { title: string; text: string; before?: string | undefined }) {
  return (
    <Frame title="Audit">
      <EmptyState titleText={title} headingLevel="h2" variant="sm">
        <EmptyStateBody>{text}</EmptyStateBody>
        <EmptyStateFooter>
          <EmptyStateActions>
            <ButtonLink to="/audit">To the audit log</ButtonLink>
            {before && <Link to={`/audit/${before}`}>The newest entry before it</Link>}
          </EmptyStateActions>
        </EmptyStateFooter>
      </EmptyState>
    </Frame>
  );
}
