/** One cluster at two moments, and what happened in between. */
import { Button, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { Link, useParams } from 'react-router';

import { asProblem } from '../../../api/problem';
import { changes, DiffTable } from '../../../kit/diff';
import { ButtonLink, Frame } from '../../../kit/parts';
import { Answered, Failed, fieldError, Loading } from '../../../kit/states';
import { count } from '../../../kit/words';
import { type Cluster, useCluster, useTrail } from '../queries';
import { isAfter, reversed } from '../span';
import { Choose } from './compare-fleet';
import { Timeline } from './history';
import { clusterPath } from './list';
import { type Ends, SpanForm, useSpan } from './span';

/** As in a comparison of the fleet: what tells of the cluster, and not of its entry. */
export function told(cluster: Cluster | undefined) {
  if (!cluster) return undefined;
  const { name, provider, region, status, health, k8s_version, nodes, labels, issues, endpoint, uid, failure } = cluster;
  // An issue by what it is about: another place in the list is no change.
  return { name, provider, region, status, health, k8s_version, nodes, labels, issues: Object.fromEntries(issues.map((issue) => [`${issue.code} ${issue.object}`, issue.message])), endpoint, uid, failure };
}

export function CompareCluster() {
  const { id = '' } = useParams();
  const span = useSpan();
  const now = useCluster(id, undefined);
  const name = now.data?.name ?? 'a cluster';
  return (
    <Frame title={`Compare two moments of ${name}`} about={now.data && <Link to={clusterPath(id)}>Back to {name}</Link>}>
      {now.isError && !now.data ? (
        <Failed cause={now.error} retry={() => void now.refetch()} back={<ButtonLink to="/clusters" variant="link">To the clusters</ButtonLink>} />
      ) : (
        <Compared id={id} span={span} />
      )}
    </Frame>
  );
}

const missing = (cause: unknown) => Boolean(cause) && asProblem(cause).problem.code === 'cluster-not-found';

function Compared({ id, span }: { id: string; span: Ends & { set: (span: Ends) => void } }) {
  const { from } = span;
  const chosen = from !== undefined;
  const [before, after] = [useCluster(id, from, chosen), useCluster(id, span.to, chosen)];
  const late = before.data && after.data && before.data.position > after.data.position;
  const wrong = chosen && (reversed(from, span.to) || late || (before.data && missing(after.error)));
  const faults = {
    from: fieldError(before.error, 'as_of'),
    to: fieldError(after.error, 'as_of') ?? (wrong ? 'must not lie before the earlier moment' : undefined),
  };
  const failed = [before, after].find((query) => query.isError && !missing(query.error));
  return (
    <>
      <SpanForm span={span} faults={faults} />
      {!chosen ? (
        <Choose />
      ) : faults.from || faults.to ? null : failed ? (
        <Failed cause={failed.error} retry={() => void failed.refetch()} />
      ) : before.isPending || after.isPending ? (
        <Loading what="The comparison" />
      ) : before.isError && after.isError ? (
        <p>At neither of these moments was it there.</p>
      ) : (
        <div className="cm-clusters-stack">
          <Card component="section">
            <CardTitle component="h2">What differs</CardTitle>
            <CardBody>
              {before.isError && <p>At the earlier moment it was not there yet.</p>}
              {changes(told(before.data), told(after.data)).length === 0 ? <p>It was the same at both moments.</p> : <DiffTable before={told(before.data)} after={told(after.data)} label="What differs" />}
            </CardBody>
          </Card>
          <Between id={id} from={from} to={span.to} />
        </div>
      )}
    </>
  );
}

function Between({ id, from, to }: { id: string; from: string; to: string | undefined }) {
  const trail = useTrail(id, to);
  return (
    <Card component="section">
      <CardTitle component="h2">What happened in between</CardTitle>
      <CardBody>
        <Answered query={trail} what="The events in between">
          {({ pages }) => {
            const entries = pages.flatMap((page) => page.rows);
            const between = entries.filter((entry) => isAfter(entry, from));
            // The newest come first: once one lies before, so do all that are not here yet.
            const more = trail.hasNextPage && between.length === entries.length;
            return (
              <>
                <p aria-live="polite">{between.length === 0 ? 'Nothing happened.' : `${more ? 'At least ' : ''}${count(between.length)} ${between.length === 1 ? 'event' : 'events'}, the newest first.`}</p>
                <Timeline label="Events in between" entries={between} level="h3" />
                {more && (
                  <Button variant="secondary" isLoading={trail.isFetchingNextPage} isDisabled={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>
                    Older events
                  </Button>
                )}
              </>
            );
          }}
        </Answered>
      </CardBody>
    </Card>
  );
}
