/** The list of clusters. */
import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, ExpandableSection } from '@patternfly/react-core';
import ClusterIcon from '@patternfly/react-icons/dist/esm/icons/cluster-icon';
import { useState } from 'react';
import { Link } from 'react-router';

import { useMay } from '../../../app/me';
import { type Column, ListTable, useListState } from '../../../kit/list';
import { ButtonLink, Frame, HealthLabel, StatusLabel, When } from '../../../kit/parts';
import { type Moment, useMoment } from '../../../kit/past';
import { TimeTravel } from '../../../kit/time-travel';
import { count, PROVIDERS } from '../../../kit/words';
import { FILTERS } from '../filters';
import { type Cluster, useClusters, useOldest, useFleet } from '../queries';
import { Filters } from './filters';
import { Views } from './views';

export function clusterPath(id: string, asOf?: string, tab = ''): string {
  return `/clusters/${id}${tab && `/${tab}`}${asOf === undefined ? '' : `?as_of=${encodeURIComponent(asOf)}`}`;
}

const columns = (asOf: string | undefined): Column<Cluster>[] => [
  { title: 'Name', sort: 'name', wide: true, cell: (cluster) => <Link to={clusterPath(cluster.id, asOf)}>{cluster.name}</Link> },
  { title: 'Health', sort: 'health', cell: (cluster) => <HealthLabel health={cluster.health} /> },
  { title: 'Status', sort: 'status', cell: (cluster) => <StatusLabel status={cluster.status} /> },
  { title: 'Provider', sort: 'provider', cell: (cluster) => PROVIDERS[cluster.provider] ?? cluster.provider },
  { title: 'Region', sort: 'region', cell: (cluster) => cluster.region },
  { title: 'Version', sort: 'k8s_version', cell: (cluster) => cluster.k8s_version ?? <span className="cm-subtle">not known yet</span> },
  { title: 'Nodes', sort: 'nodes', cell: (cluster) => <Nodes cluster={cluster} /> },
  { title: 'Updated', sort: 'updated_at', cell: (cluster) => <When time={cluster.updated_at} /> },
];

function Nodes({ cluster: { nodes, uid } }: { cluster: Cluster }) {
  if (uid === null) return <span className="cm-subtle">not known yet</span>;
  return nodes.ready === nodes.total ? <>{count(nodes.total)}</> : <>{`${count(nodes.ready)} of ${count(nodes.total)} ready`}</>;
}

export function ListPage() {
  const state = useListState(FILTERS, { sort: 'name' });
  const moment = useMoment();
  const manages = useMay('clusters:manage');
  const query = useClusters({ ...state, asOf: moment.asOf });
  const fleet = useFleet(moment.asOf);
  return (
    <Frame
      title="Clusters"
      actions={
        <>
          <Views />
          <ButtonLink to={`/clusters/compare${moment.asOf ? `?from=${encodeURIComponent(moment.asOf)}` : ''}`} variant="secondary">
            Compare two moments
          </ButtonLink>
          {manages && <ButtonLink to="/clusters/import">Import a cluster</ButtonLink>}
        </>
      }
    >
      <Filters state={state} regions={fleet.data?.regions ?? []} versions={fleet.data?.versions ?? []} />
      <Travel moment={moment} told={fleet.data?.told} />
      <div className="cm-clusters-list">
        <ListTable label="Clusters" noun={['cluster', 'clusters']} columns={columns(moment.asOf)} state={state} query={query} rowKey={(cluster) => cluster.id} empty={<None moment={moment} manages={manages} />} />
      </div>
    </Frame>
  );
}

function Travel({ moment, told }: { moment: Moment; told: string | undefined }) {
  const [open, setOpen] = useState(moment.asOf !== undefined);
  const oldest = useOldest();
  if (oldest.data && oldest.data.oldest === undefined) return null;
  return (
    <ExpandableSection toggleText="Time travel" isExpanded={open} onToggle={(_event, next) => setOpen(next)} isIndented className="cm-space-below">
      <TimeTravel moment={moment} from={oldest.data?.oldest} told={told} />
    </ExpandableSection>
  );
}

function None({ moment, manages }: { moment: Moment; manages: boolean }) {
  return (
    <EmptyState titleText={moment.asOf === undefined ? 'No clusters yet' : 'There were no clusters then'} headingLevel="h2" icon={ClusterIcon}>
      <EmptyStateBody>
        {moment.asOf !== undefined
          ? 'At this moment none was under management.'
          : manages
            ? 'Import the first one by its kubeconfig.'
            : 'Somebody who may manage clusters has to import the first one.'}
      </EmptyStateBody>
      {moment.asOf === undefined && manages && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <ButtonLink to="/clusters/import">Import a cluster</ButtonLink>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}
