/** How a cluster is, and what it is. */
import { Alert, Button, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { lazy, type ReactNode, Suspense, useState } from 'react';

import { useMay } from '../../../app/me';
import { HealthLabel, When } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { RowHead } from '../../../kit/row-head';
import { Failed } from '../../../kit/states';
import { Terms } from '../../../kit/terms';
import { count, sentence } from '../../../kit/words';
import { adviceFor } from '../advice';
import { type Cluster, useHealth } from '../queries';
import { Progress } from './progress';

const COLUMNS = { columnModifier: { default: '1Col', md: '2Col', xl: '3Col' } } as const;
const ChangeDialog = lazy(() => import('../commands/change'));

export function Overview({ cluster, past }: { cluster: Cluster; past: boolean }) {
  return (
    <div className="cm-clusters-stack">
      {!past && <Progress cluster={cluster} />}
      {cluster.failure && <Failure cluster={cluster} past={past} />}
      <HealthCard cluster={cluster} past={past} />
      <Facts cluster={cluster} />
    </div>
  );
}

function Failure({ cluster, past }: { cluster: Cluster; past: boolean }) {
  const { failure, status } = cluster;
  const may = useMay('clusters:manage');
  const [changing, setChanging] = useState(false);
  // Of a cluster that leaves there is nothing left to mend.
  if (!failure || /^decommission/.test(status)) return null;
  const advice = adviceFor(failure.code);
  const importing = status === 'importing' || status === 'import_failed';
  return (
    <Alert
      isInline
      variant="danger"
      component="h2"
      title={importing ? 'The import failed' : 'The last change of credentials failed'}
      actionLinks={
        may &&
        !past && (
          <Button variant="link" isInline onClick={() => setChanging(true)}>
            Replace the credentials
          </Button>
        )
      }
    >
      <p>
        {whole(failure.message)} <code>{failure.code}</code>
      </p>
      {!past && advice && <p>{advice}</p>}
      {!past && (
        <p>
          {importing
            ? 'The hub goes on trying: once the cluster answers, it is active by itself.'
            : 'The credentials from before still hold. Hand in others when you have them.'}
        </p>
      )}
      {changing && (
        <Suspense>
          <ChangeDialog cluster={cluster} credentialsOnly close={() => setChanging(false)} />
        </Suspense>
      )}
    </Alert>
  );
}

const whole = (text: string) => sentence(/[.!?]$/.test(text) ? text : `${text}.`);

function HealthCard({ cluster, past }: { cluster: Cluster; past: boolean }) {
  const health = useHealth(cluster.id, !past && cluster.status !== 'decommissioned');
  return (
    <Card component="section">
      <CardTitle component="h2">Health</CardTitle>
      <CardBody>
        <div className="cm-clusters-stack">
          <Terms
            {...COLUMNS}
            rows={[
              ['State', <HealthLabel key="health" health={cluster.health} />],
              ['Nodes ready', cluster.uid === null ? 'not known yet' : `${count(cluster.nodes.ready)} of ${count(cluster.nodes.total)}`],
              ...(health.data
                ? ([
                    ['Last looked at', <When key="checked" time={health.data.last_checked} />],
                    ['Last answered', <When key="answered" time={health.data.last_answered} />],
                  ] satisfies [string, ReactNode][])
                : []),
            ]}
          />
          {health.isError && <Failed cause={health.error} retry={() => void health.refetch()} inline />}
          {past && <p className="cm-subtle">When a cluster was last looked at is known only for now.</p>}
          <Issues cluster={cluster} />
        </div>
      </CardBody>
    </Card>
  );
}

function Issues({ cluster: { issues, health } }: { cluster: Cluster }) {
  if (issues.length === 0) return <p>{health === 'unknown' ? 'Nothing is known yet: the cluster has not answered.' : 'Nothing is wrong that the hub can see.'}</p>;
  return (
    <Table role="table" aria-label="Issues" variant="compact" gridBreakPoint="grid-md">
      <Thead>
        <Tr>
          <Th>What</Th>
          <Th>Where</Th>
          <Th>Code</Th>
          <Th>What to do</Th>
        </Tr>
      </Thead>
      <Tbody>
        {issues.map((issue) => (
          <Tr key={`${issue.code} ${issue.object}`}>
            <RowHead dataLabel="What" modifier="breakWord">
              {whole(issue.message)}
            </RowHead>
            <Td dataLabel="Where" modifier="breakWord">
              <code>{issue.object}</code>
            </Td>
            <Td dataLabel="Code">
              <code>{issue.code}</code>
            </Td>
            <Td dataLabel="What to do" modifier="breakWord">
              {adviceFor(issue.code) ?? '—'}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Facts({ cluster }: { cluster: Cluster }) {
  return (
    <Card component="section">
      <CardTitle component="h2">What the hub knows of it</CardTitle>
      <CardBody>
        <Terms
            {...COLUMNS}
          rows={[
            ['Id', <code key="id">{cluster.id}</code>],
            ['Identity (UID of kube-system)', cluster.uid ? <code key="uid">{cluster.uid}</code> : 'not known yet'],
            ['Asked for', <By key="created" time={cluster.created_at} who={cluster.created_by} />],
            ['Last changed', <By key="updated" time={cluster.updated_at} who={cluster.updated_by} />],
            ['Revision', `${count(cluster.revision)}, at ledger position ${count(cluster.position)}`],
          ]}
        />
      </CardBody>
    </Card>
  );
}

function By({ time, who }: { time: string; who: string }) {
  return (
    <>
      <When time={time} /> by <Who actor={who} />
    </>
  );
}
