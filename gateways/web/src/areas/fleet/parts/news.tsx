/** What needs somebody, and what happened last. */
import { Card, CardBody, CardFooter, CardTitle } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { Link } from 'react-router';

import type { Schemas } from '../../../api/client';
import { useLive } from '../../../api/live';
import { Hidden, HealthLabel, OutcomeLabel, StatusLabel } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { ago, at, count, eventWord } from '../../../kit/words';
import { type Happened, newer, reason } from '../news';
import type { FleetView } from '../queries';
import { useBriefly } from './briefly';
import { listOf } from './glance';

export function Attention({ fleet, asOf, search }: { fleet: FleetView; asOf: string | undefined; search: string }) {
  const { attention, attention_total: total } = fleet;
  return (
    <Card isCompact className="cm-fleet-attention">
      <CardTitle component="h2">
        {total === 0 ? 'Needs attention' : total === 1 ? '1 cluster needs attention' : `${count(total)} clusters need attention`}
      </CardTitle>
      {total === 0 ? (
        <CardBody className="cm-fleet-fine">
          <CheckCircleIcon aria-hidden className="cm-fleet-fine-icon" />
          <p>Nothing needs attention.</p>
        </CardBody>
      ) : (
        <CardBody className="cm-fleet-box" tabIndex={0} role="region" aria-label="Clusters that need attention">
          <ul className="cm-plain-list">
            {attention.map((cluster) => (
              <Needy key={cluster.id} cluster={cluster} search={search} />
            ))}
          </ul>
        </CardBody>
      )}
      {total > attention.length && (
        <CardFooter className="cm-fleet-foot">
          The worst {count(attention.length)} are shown. <Link to={listOf({ health: 'unreachable,degraded' }, asOf)}>All unreachable and degraded ones</Link>
        </CardFooter>
      )}
    </Card>
  );
}

function Needy({ cluster, search }: { cluster: Schemas['Cluster']; search: string }) {
  const { what, more } = reason(cluster);
  return (
    <li className="cm-fleet-entry">
      <div className="cm-fleet-entry-head">
        <Link to={`/clusters/${cluster.id}${search}`}>{cluster.name}</Link>
        {cluster.status === 'import_failed' ? <StatusLabel status={cluster.status} /> : <HealthLabel health={cluster.health} />}
      </div>
      <div>
        {what}
        {more > 0 && ` And ${count(more)} more.`}
      </div>
      <div className="cm-subtle">
        Like this since <time dateTime={cluster.updated_at}>{at(cluster.updated_at)}</time> ({ago(cluster.updated_at)})
      </div>
    </li>
  );
}

interface ActivityProps {
  happened: readonly Happened[];
  /** Whether the reader may see the entries. */
  linked: boolean;
  asOf: string | undefined;
  /** Whether it tells of that moment, and not still of the one before. */
  settled: boolean;
}

export function Activity({ happened, linked, asOf, settled }: ActivityProps) {
  const live = useLive();
  const past = asOf !== undefined;
  const fresh = useBriefly(happened, `${asOf} ${settled}`, !past, newer);
  return (
    <Card isCompact className="cm-fleet-activity">
      <CardTitle component="h2">{past ? 'What had happened last' : 'Recent activity'}</CardTitle>
      <CardBody className="cm-fleet-box" tabIndex={0} role="region" aria-label="Recent activity">
        {!past && live.kind === 'reconnecting' && <p className="cm-subtle">Live updates are interrupted since {at(live.since)}; what is below may be older.</p>}
        {happened.length === 0 && <p className="cm-subtle">Nothing has happened yet.</p>}
        <ol className="cm-plain-list">
          {happened.map((one) => (
            <li key={one.position} className="cm-fleet-entry" data-fresh={fresh.has(one.position) || undefined}>
              <div className="cm-fleet-entry-head">
                {linked ? (
                  <Link to={`/audit/at/${one.position}`}>
                    {eventWord(one.type)}
                    <Hidden> at position {count(one.position)}</Hidden>
                  </Link>
                ) : (
                  <strong>{eventWord(one.type)}</strong>
                )}
                {one.outcome !== 'succeeded' && <OutcomeLabel outcome={one.outcome} />}
              </div>
              <div>
                {one.name && <Link to={`/clusters/${one.cluster}`}>{one.name}</Link>}
                {one.name && ': '}
                {one.summary}
              </div>
              <div className="cm-subtle">
                <time dateTime={one.time} title={at(one.time)}>
                  {ago(one.time)}
                </time>{' '}
                by <Who actor={one.actor} />
              </div>
            </li>
          ))}
        </ol>
      </CardBody>
      {linked && (
        <CardFooter className="cm-fleet-foot">
          <Link to="/audit">The whole audit log</Link>
        </CardFooter>
      )}
    </Card>
  );
}
