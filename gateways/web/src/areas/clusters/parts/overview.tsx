/** How a cluster is, and what it is. */
import { Alert, Card, CardBody, CardTitle, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';

import { HealthLabel, When } from '../../../kit/parts';
import { RowHead } from '../../../kit/row-head';
import { Failed } from '../../../kit/states';
import { count } from '../../../kit/words';
import { adviceFor } from '../advice';
import { type Cluster, useHealth } from '../queries';
import { Progress } from './progress';

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

function Failure({ cluster: { failure, status }, past }: { cluster: Cluster; past: boolean }) {
  if (!failure) return null;
  const advice = adviceFor(failure.code);
  const importing = status === 'importing' || status === 'import_failed';
  return (
    <Alert isInline variant="danger" component="h2" title={importing ? 'The import failed' : 'The last change of credentials failed'}>
      <p>
        {sentence(failure.message)} <code>{failure.code}</code>
      </p>
      {!past && advice && <p>{advice}</p>}
      {!past && (
        <p>
          {importing
            ? 'The hub goes on trying: once the cluster answers, it is active by itself. You can also change its credentials, or decommission it and import it anew.'
            : 'The credentials from before still hold. Hand in others when you have them.'}
        </p>
      )}
    </Alert>
  );
}

function sentence(text: string): string {
  const end = /[.!?]$/.test(text) ? text : `${text}.`;
  return end.charAt(0).toUpperCase() + end.slice(1);
}

function HealthCard({ cluster, past }: { cluster: Cluster; past: boolean }) {
  const health = useHealth(cluster.id, !past && cluster.status !== 'decommissioned');
  return (
    <Card component="section">
      <CardTitle component="h2">Health</CardTitle>
      <CardBody>
        <div className="cm-clusters-stack">
          <Terms
            items={[
              ['State', <HealthLabel key="health" health={cluster.health} />],
              ['Nodes ready', `${count(cluster.nodes.ready)} of ${count(cluster.nodes.total)}`],
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
              {sentence(issue.message)}
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
          items={[
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
      <When time={time} /> by <code className="cm-clusters-id">{who}</code>
    </>
  );
}

function Terms({ items }: { items: [string, ReactNode][] }) {
  return (
    <DescriptionList columnModifier={{ default: '1Col', md: '2Col', xl: '3Col' }} isCompact>
      {items.map(([term, said]) => (
        <DescriptionListGroup key={term}>
          <DescriptionListTerm>{term}</DescriptionListTerm>
          <DescriptionListDescription className="cm-clusters-id">{said}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  );
}
