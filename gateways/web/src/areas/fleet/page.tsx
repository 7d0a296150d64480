/** The fleet: the single pane of glass. */
import './styles.css';

import { Card, CardBody, CardTitle } from '@patternfly/react-core';
import { useMemo } from 'react';
import { Route, Routes } from 'react-router';

import { useRecentEvents } from '../../api/live';
import { NotHere } from '../../app/app';
import { useMay, useMe } from '../../app/me';
import { useAddress } from '../../kit/address';
import { ButtonLink, Frame } from '../../kit/parts';
import { useMoment } from '../../kit/past';
import { Failed } from '../../kit/states';
import { count } from '../../kit/words';
import { grouping } from './heat';
import { happenings } from './news';
import { Glance } from './parts/glance';
import { Grouping } from './parts/grouping';
import { HeatGrid, Legend } from './parts/heat';
import { Activity, Attention } from './parts/news';
import { FleetSkeleton, HeatSkeleton } from './parts/skeleton';
import { Travel } from './parts/travel';
import { NoClusters, useWelcome, Welcome } from './parts/welcome';
import { type FleetView, useFleet, useHeat } from './queries';

export default function Fleet() {
  return (
    <Routes>
      <Route index element={<FleetPage />} />
      <Route path="*" element={<NotHere />} />
    </Routes>
  );
}

function FleetPage() {
  const moment = useMoment();
  const { asOf } = moment;
  const [params, change] = useAddress();
  const by = grouping(params.get('group'));
  const me = useMe();
  const fleet = useFleet(asOf);
  // Asked for beside the counts, not behind them.
  const heat = useHeat(by, asOf);
  const group = (by: string) => change((next) => next.set('group', by), { replace: true });
  const total = fleet.data?.clusters.total;
  return (
    <Frame
      title="Fleet"
      about={total === undefined ? 'All clusters of your tenant' : `${count(total)} ${total === 1 ? 'cluster' : 'clusters'}, ledger position ${count(fleet.data?.position ?? 0)}`}
      actions={
        <ButtonLink to={asOf === undefined ? '/clusters/compare' : `/clusters/compare?${new URLSearchParams({ from: asOf }).toString()}`} variant="secondary">
          {asOf === undefined ? 'Compare two moments' : 'Compare with now'}
        </ButtonLink>
      }
    >
      {(asOf !== undefined || (total ?? 0) > 0) && <Travel moment={moment} told={asOf === undefined ? undefined : fleet.data?.recent[0]?.recorded_at} />}
      {fleet.isError && <Failed cause={fleet.error} retry={() => void [fleet, heat].map((query) => query.isError && query.refetch())} busy={fleet.isFetching} inline={fleet.data !== undefined} />}
      {fleet.data && !me.isPending ? (
        <div aria-busy={fleet.isPlaceholderData || undefined}>
          <Whole fleet={fleet.data} settled={!fleet.isPlaceholderData} heat={heat} by={by} group={group} asOf={asOf} />
        </div>
      ) : (
        !fleet.isError && <FleetSkeleton />
      )}
    </Frame>
  );
}

interface WholeProps {
  fleet: FleetView;
  settled: boolean;
  heat: ReturnType<typeof useHeat>;
  by: string;
  group: (by: string) => void;
  asOf: string | undefined;
}

function Whole({ fleet, settled, heat, by, group, asOf }: WholeProps) {
  const welcome = useWelcome();
  const linked = useMay('audit:read');
  const events = useRecentEvents();
  const search = asOf === undefined ? '' : `?${new URLSearchParams({ as_of: asOf }).toString()}`;
  const groups = heat.data?.groups;
  const happened = useMemo(() => {
    const names = new Map(groups?.flatMap((one) => one.cells.map((cell) => [cell.id, cell.name])));
    return happenings(fleet.recent, asOf === undefined ? events : [], (id) => names.get(id));
  }, [fleet.recent, events, groups, asOf]);
  const steps = asOf === undefined && welcome.shown && <Welcome clusters={fleet.clusters} close={() => welcome.close(true)} compact={fleet.clusters.total > 0} />;
  if (fleet.clusters.total === 0) {
    if (asOf !== undefined) return <p>There were no clusters at that moment.</p>;
    return steps || <NoClusters permitted={welcome.permitted} open={() => welcome.close(false)} />;
  }
  return (
    <div className="cm-fleet-page">
      {steps}
      <Glance fleet={fleet} asOf={asOf} />
      <div className="cm-fleet-columns">
        <Attention fleet={fleet} asOf={asOf} search={search} />
        <Card isCompact className="cm-fleet-map">
          <CardTitle component="h2">Every cluster</CardTitle>
          <CardBody>
            <div className="cm-fleet-head cm-space-below">
              <Grouping by={by} choose={group} />
              <Legend />
            </div>
            <Heat heat={heat} by={by} search={search} />
          </CardBody>
        </Card>
        <Activity happened={happened} linked={linked} asOf={asOf} settled={settled} />
      </div>
    </div>
  );
}

function Heat({ heat, by, search }: { heat: WholeProps['heat']; by: string; search: string }) {
  if (by === 'label:') return <p>Name the key of a label: clusters with the same value stand together.</p>;
  if (!heat.data) return heat.isError ? <Failed cause={heat.error} retry={() => void heat.refetch()} /> : <HeatSkeleton />;
  const { shown, total, groups } = heat.data;
  return (
    <>
      {heat.isError && <Failed cause={heat.error} retry={() => void heat.refetch()} inline />}
      <p className="cm-subtle">
        The worst stand first. Within a group the arrow keys move from cluster to cluster.
        {shown < total && ` Shown are the worst ${count(shown)} of ${count(total)}; the list of clusters has all.`}
      </p>
      <HeatGrid key={`${heat.data.by} ${heat.data.asOf}`} by={heat.data.by} asOf={heat.data.asOf} groups={groups} search={search} />
    </>
  );
}
