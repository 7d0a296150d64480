/** One cluster: its head, the moment, and a tab for each thing that is known of it. */
import '@patternfly/patternfly/components/Tabs/tabs.css';

import { EmptyState, EmptyStateBody, ExpandableSection, Label, LabelGroup } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { Link, useParams } from 'react-router';

import { asProblem } from '../../../api/problem';
import { keep } from '../../../kit/kept';
import { ButtonLink, Frame, HealthLabel, StatusLabel } from '../../../kit/parts';
import { type Moment, useMoment } from '../../../kit/past';
import { Answered } from '../../../kit/states';
import { TimeTravel } from '../../../kit/time-travel';
import { PROVIDERS } from '../../../kit/words';
import { ClusterActions } from '../commands/actions';
import { type Cluster, useCluster, useTrail } from '../queries';
import { History } from './history';
import { clusterPath } from './list';
import { Overview } from './overview';
import { NoPast, Nodes, Workloads } from './samples';

const TABS = { '': 'Overview', nodes: 'Nodes', workloads: 'Workloads', history: 'History' };
/** What has no past, by its full name. */
const SAMPLED = { nodes: 'Nodes', workloads: 'Stateful workloads' };
type Tab = keyof typeof TABS;

export function ClusterPage({ tab }: { tab: Tab }) {
  const { id = '' } = useParams();
  const moment = useMoment();
  const { asOf } = moment;
  const now = useCluster(id, undefined);
  const then = useCluster(id, asOf);
  useLooked(now.data);
  const missing = asOf !== undefined && then.isError && asProblem(then.error).problem.status === 404 && now.data;
  const name = (then.data ?? now.data)?.name ?? 'Cluster';
  // Of what is not there, or not to be seen, there is nothing to do and nothing further to look at.
  const gone = !now.data && now.isError && [403, 404].includes(asProblem(now.error).problem.status);
  // What stands below the head comes with it: nothing moves.
  const known = !gone && [now, then].every(({ data, isError }) => data !== undefined || isError);
  return (
    <Frame
      title={name}
      tab={tab === '' ? name : `${SAMPLED[tab as keyof typeof SAMPLED] ?? TABS[tab]} of ${name}`}
      about={then.data && <About cluster={then.data} asOf={asOf} />}
      actions={
        known && (
        <>
          <ButtonLink variant="secondary" to={`/clusters/${id}/compare${asOf ? `?from=${encodeURIComponent(asOf)}` : ''}`}>
            Compare two moments
          </ButtonLink>
          {now.data && <ClusterActions cluster={now.data} />}
        </>
        )
      }
    >
      {known && <nav className="pf-v6-c-tabs cm-clusters-tabs" aria-label={`About ${name}`}>
        <ul className="pf-v6-c-tabs__list">
          {Object.entries(TABS).map(([path, title]) => (
            <li key={path} className={`pf-v6-c-tabs__item${path === tab ? ' pf-m-current' : ''}`}>
              <Link className="pf-v6-c-tabs__link" to={clusterPath(id, asOf, path)} aria-current={path === tab ? 'page' : undefined}>
                <span className="pf-v6-c-tabs__item-text">{title}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>}
      {known && now.data && <Travel id={id} created={now.data.created_at} told={then.data?.updated_at} moment={moment} />}
      {missing ? (
        <EmptyState titleText="It was not there yet" headingLevel="h2">
          <EmptyStateBody>At this moment nobody had asked for this cluster. Choose a later one.</EmptyStateBody>
        </EmptyState>
      ) : (
        <Answered query={then} what="The cluster" back={<ButtonLink to="/clusters" variant="link">To the clusters</ButtonLink>}>
          {(cluster) => {
            if (tab === '') return <Overview cluster={cluster} past={asOf !== undefined} />;
            if (tab === 'history') return <History key={asOf} id={id} asOf={asOf} />;
            if (asOf !== undefined) return <NoPast what={SAMPLED[tab]} moment={moment} />;
            return tab === 'nodes' ? <Nodes id={id} /> : <Workloads id={id} />;
          }}
        </Answered>
      )}
    </Frame>
  );
}

function About({ cluster, asOf }: { cluster: Cluster; asOf: string | undefined }) {
  const labels = Object.entries(cluster.labels);
  return (
    <div className="cm-clusters-about">
      <div className="cm-clusters-line">
        <HealthLabel health={cluster.health} />
        <StatusLabel status={cluster.status} />
        <span>
          {PROVIDERS[cluster.provider] ?? cluster.provider}, {cluster.region}
        </span>
        {cluster.k8s_version ? (
          <Link to={`/clusters?${new URLSearchParams({ k8s_version: cluster.k8s_version, ...(asOf ? { as_of: asOf } : {}) }).toString()}`} title="All clusters of this version">
            Kubernetes {cluster.k8s_version}
          </Link>
        ) : (
          <span>version not known yet</span>
        )}
        <code className="cm-breaks">{cluster.endpoint}</code>
      </div>
      {labels.length > 0 && (
        <LabelGroup aria-label="Labels" numLabels={8}>
          {labels.map(([key, value]) => (
            <Label key={key} isCompact variant="outline">
              {value ? `${key}=${value}` : key}
            </Label>
          ))}
        </LabelGroup>
      )}
    </div>
  );
}

/** From event to event. Older events are fetched once somebody goes there. */
function Travel({ id, created, told, moment }: { id: string; created: string; told: string | undefined; moment: Moment }) {
  const [open, setOpen] = useState(moment.asOf !== undefined);
  const trail = useTrail(id, undefined, open);
  const events = trail.data?.pages.flatMap((page) => page.rows);
  const oldest = events?.at(-1);
  const { hasNextPage, isFetching, isError, fetchNextPage } = trail;
  const beyond = oldest !== undefined && moment.asOf !== undefined && (/^\d+$/.test(moment.asOf) ? Number(moment.asOf) <= oldest.position : Date.parse(moment.asOf) <= Date.parse(oldest.recorded_at));
  useEffect(() => {
    if (beyond && hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [beyond, hasNextPage, isFetching, isError, fetchNextPage]);
  return (
    <ExpandableSection toggleText="Time travel" isExpanded={open} onToggle={(_event, next) => setOpen(next)} isIndented className="cm-space-below">
      <TimeTravel moment={moment} from={created} events={events ?? []} told={told} />
    </ExpandableSection>
  );
}

/** The welcome asks whether anybody has ever looked at a cluster whose health is known. */
function useLooked(cluster: Cluster | undefined) {
  const looked = cluster && cluster.health !== 'unknown' ? cluster.id : undefined;
  useEffect(() => {
    if (looked !== undefined) keep('looked', looked);
  }, [looked]);
}
