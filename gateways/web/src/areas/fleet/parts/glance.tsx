/** The fleet at a glance: health, states, nodes and versions. */
import { Card, CardBody, CardTitle, Progress, ProgressMeasureLocation, ProgressVariant } from '@patternfly/react-core';
import { lazy, Suspense } from 'react';
import { Link } from 'react-router';

import { HealthLabel, StatusLabel } from '../../../kit/parts';
import { newestFirst } from '../../../kit/versions';
import { count, HEALTHS, word } from '../../../kit/words';
import type { FleetView } from '../queries';

const Donut = lazy(() => import('./donut'));

const STATUSES = ['import_failed', 'importing', 'updating', 'active', 'decommissioning'];
const VERSIONS = 6;

export function Glance({ fleet, asOf }: { fleet: FleetView; asOf: string | undefined }) {
  return (
    <div className="cm-fleet-glance">
      <Health fleet={fleet} asOf={asOf} />
      <States fleet={fleet} asOf={asOf} />
      <Versions versions={fleet.clusters.by_version} total={fleet.clusters.total} asOf={asOf} />
    </div>
  );
}

/** The list of clusters, narrowed, at the same moment. */
export function listOf(filter: Record<string, string>, asOf: string | undefined): string {
  return `/clusters?${new URLSearchParams({ ...filter, ...(asOf ? { as_of: asOf } : {}) }).toString()}`;
}

function Health({ fleet, asOf }: { fleet: FleetView; asOf: string | undefined }) {
  const { by_health: byHealth, total } = fleet.clusters;
  return (
    <Card isCompact className="cm-fleet-health">
      <CardTitle component="h2">Health</CardTitle>
      <CardBody className="cm-fleet-health-body">
        <div className="cm-fleet-donut" role="img" aria-label={`Clusters by health: ${HEALTHS.map((health) => `${word(health)} ${count(byHealth[health] ?? 0)}`).join(', ')}`}>
          <div aria-hidden>
            <Suspense>
              <Donut byHealth={byHealth} total={total} />
            </Suspense>
          </div>
        </div>
        <ul className="cm-fleet-tiles" aria-label="Clusters by health">
          {HEALTHS.map((health) => (
            <li key={health}>
              <Link to={listOf({ health }, asOf)} className="cm-fleet-tile">
                <span className="cm-fleet-number">{count(byHealth[health] ?? 0)}</span> <HealthLabel health={health} />
              </Link>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}

function States({ fleet, asOf }: { fleet: FleetView; asOf: string | undefined }) {
  const { by_status: byStatus } = fleet.clusters;
  const { ready, total } = fleet.nodes;
  const listed = STATUSES.filter((status) => status === 'active' || (byStatus[status] ?? 0) > 0);
  return (
    <Card isCompact>
      <CardTitle component="h2">Status and nodes</CardTitle>
      <CardBody>
        <ul className="cm-fleet-lines" aria-label="Clusters by status">
          {listed.map((status) => (
            <li key={status}>
              <Link to={listOf({ status }, asOf)}>
                <StatusLabel status={status} /> <span>{count(byStatus[status] ?? 0)}</span>
              </Link>
            </li>
          ))}
        </ul>
        <Progress
          className="cm-space-above"
          title={total === 0 ? 'No nodes are known yet' : `${count(ready)} of ${count(total)} nodes are ready`}
          aria-label="Nodes that are ready"
          value={total === 0 ? 0 : Math.floor((ready / total) * 100)}
          measureLocation={total === 0 ? ProgressMeasureLocation.none : ProgressMeasureLocation.top}
          {...(total > 0 ? { variant: ready === total ? ProgressVariant.success : ProgressVariant.warning } : {})}
        />
      </CardBody>
    </Card>
  );
}

function Versions({ versions, total, asOf }: { versions: Record<string, number>; total: number; asOf: string | undefined }) {
  const all = newestFirst(versions);
  const shown = all.slice(0, VERSIONS);
  const rest = all.slice(VERSIONS);
  const silent = total - all.reduce((sum, [, number]) => sum + number, 0);
  return (
    <Card isCompact>
      <CardTitle component="h2">Kubernetes versions</CardTitle>
      <CardBody>
        {shown.length === 0 && <p className="cm-subtle">No cluster has told its version yet.</p>}
        <ul className="cm-fleet-lines" aria-label="Clusters by version, the newest first">
          {shown.map(([version, number]) => (
            <li key={version}>
              <Link to={listOf({ k8s_version: version }, asOf)} className="cm-fleet-version" title={version}>
                <span>{version}</span>
                <span className="cm-fleet-bar" aria-hidden>
                  <span style={{ inlineSize: `${(number / Math.max(1, total)) * 100}%` }} />
                </span>
                <span>{count(number)}</span>
              </Link>
            </li>
          ))}
        </ul>
        {rest.length > 0 && (
          <p className="cm-subtle">
            <Link to={listOf({ k8s_version: rest.map(([version]) => version).join(',') }, asOf)}>
              {rest.length === 1 ? 'One older version' : `${count(rest.length)} older versions`}
            </Link>{' '}
            on {count(rest.reduce((sum, [, number]) => sum + number, 0))} of the clusters.
          </p>
        )}
        {silent > 0 && shown.length > 0 && <p className="cm-subtle">{count(silent)} have told none yet.</p>}
      </CardBody>
    </Card>
  );
}
