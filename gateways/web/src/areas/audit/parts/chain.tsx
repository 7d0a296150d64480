/** Why it came to this, and what came of it: cause → this → effects. */
import { Link } from 'react-router';
import type { ReactNode } from 'react';

import { Hidden, OutcomeLabel, When } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { Answered, Failed } from '../../../kit/states';
import { count, eventWord } from '../../../kit/words';
import { type Entry, useEntry, useRelated } from '../queries';

export function Chain({ entry }: { entry: Entry }) {
  const cause = useEntry(entry.caused_by ?? undefined);
  const effects = useRelated({ caused_by: [entry.id] });
  const request = useRelated(entry.request_id === null ? undefined : { request_id: [entry.request_id] });
  const others = request.data?.rows.filter((one) => one.id !== entry.id) ?? [];
  return (
    <>
      <ol className="cm-audit-chain">
        <Part title="Cause">
          {entry.caused_by === null ? (
            <p className="cm-subtle">{entry.actor.startsWith('system:') ? 'No other event: the hub acted by itself.' : 'Somebody asked for it; no other event did.'}</p>
          ) : cause.isError ? (
            <Failed cause={cause.error} inline />
          ) : (
            cause.data && <One entry={cause.data} />
          )}
        </Part>
        <Part title="This entry" here>
          <One entry={entry} here />
        </Part>
        <Part title="Effects">
          <Answered query={effects} what="Effects">
            {({ rows, total, atLeast }) =>
              rows.length === 0 ? (
                <p className="cm-subtle">No later event names this one as its cause.</p>
              ) : (
                <>
                  <Many entries={rows} />
                  {total > rows.length && (
                    <p className="cm-subtle">
                      The first {count(rows.length)} of {atLeast ? 'at least ' : ''}
                      {count(total)}.
                    </p>
                  )}
                </>
              )
            }
          </Answered>
        </Part>
      </ol>
      {entry.request_id !== null && (
        <>
          <h3 className="cm-heading">Also recorded by the same request</h3>
          {request.isError ? <Failed cause={request.error} inline /> : others.length > 0 ? <Many entries={others} /> : <p className="cm-subtle">{request.data ? 'Nothing else.' : '…'}</p>}
        </>
      )}
    </>
  );
}

function Part({ title, here, children }: { title: string; here?: boolean; children: ReactNode }) {
  return (
    <li className={here ? 'cm-audit-link cm-audit-here' : 'cm-audit-link'} aria-current={here ? 'true' : undefined}>
      <h3 className="cm-audit-link-title">{title}</h3>
      {children}
    </li>
  );
}

function One({ entry, here }: { entry: Entry; here?: boolean }) {
  const what = eventWord(entry.event_type);
  return (
    <div>
      {here ? (
        <strong>{what}</strong>
      ) : (
        <Link to={`/audit/${entry.id}`}>
          {what}
          <Hidden> at position {count(entry.position)}</Hidden>
        </Link>
      )} <OutcomeLabel outcome={entry.outcome} />
      <div className="cm-subtle">
        {entry.summary}, <When time={entry.recorded_at} /> by <Who actor={entry.actor} />
      </div>
    </div>
  );
}

function Many({ entries }: { entries: readonly Entry[] }) {
  return (
    <ul className="cm-plain-list cm-audit-many">
      {entries.map((one) => (
        <li key={one.id}>
          <One entry={one} />
        </li>
      ))}
    </ul>
  );
}
