/** What becomes of an import, as it becomes. */
import { Alert, Button, ProgressStep, ProgressStepper } from '@patternfly/react-core';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { Link } from 'react-router';

import type { Schemas } from '../../../../api/client';
import { useMay } from '../../../../app/me';
import { ButtonLink, When } from '../../../../kit/parts';
import { Answered } from '../../../../kit/states';
import { sentence } from '../../../../kit/words';
import { Advice } from '../advice';
import { type Cluster, useWatched } from '../queries';

const ChangeDialog = lazy(() => import('../change'));

type Entry = Pick<Schemas['AuditLog'], 'event_type' | 'position' | 'recorded_at' | 'payload'>;

/** What belongs to an import, the oldest first: up to the first answer of the cluster, or its end. */
export function importSteps<E extends Pick<Entry, 'event_type'>>(newestFirst: readonly E[]): E[] {
  const steps: E[] = [];
  for (const entry of [...newestFirst].reverse()) {
    if (!/^cluster\.(import_requested|import_failed|imported|credentials_replaced|decommission_requested)\./.test(entry.event_type))
      continue;
    steps.push(entry);
    if (/^cluster\.(imported|decommission_requested)\./.test(entry.event_type)) break;
  }
  return steps;
}

export function Watch({ id }: { id: string }) {
  const { cluster, history } = useWatched(id);
  return (
    <Answered query={cluster} what="The import">
      {(data) => (
        <>
          <p role="status" className="cm-space-below">
            <strong>{standing(data)}</strong>
          </p>
          <ProgressStepper isVertical aria-label="Progress of the import">
            {importSteps(history.data?.rows ?? []).map((entry) => (
              <Recorded key={entry.position} entry={entry} />
            ))}
            {data.status === 'importing' && <Waiting title="Connecting" about="The hub signs in to the cluster and looks at it." />}
            {data.status === 'import_failed' && (
              <Waiting title="Trying again" about="The hub tries again by itself; a cluster that answers is taken in." />
            )}
          </ProgressStepper>
          <Outcome cluster={data} />
        </>
      )}
    </Answered>
  );
}

function standing({ name, status, k8s_version: version, nodes }: Cluster): string {
  if (status === 'importing') return `${name} is being imported.`;
  if (status === 'import_failed') return `${name} could not be imported so far.`;
  if (status === 'decommissioning' || status === 'decommissioned') return `${name} is not managed any more.`;
  return `${name} is managed${version ? `: Kubernetes ${version}, ${nodes.ready} of ${nodes.total} ${nodes.total === 1 ? 'node' : 'nodes'} ready` : ''}.`;
}

const TITLES: [RegExp, string, 'success' | 'danger' | 'info'][] = [
  [/import_requested/, 'Import requested', 'success'],
  [/import_failed/, 'Connection failed', 'danger'],
  [/credentials_replaced/, 'Other credentials handed in', 'info'],
  [/imported/, 'Connected and managed', 'success'],
  [/decommission_requested/, 'Decommission requested', 'info'],
];

function Recorded({ entry }: { entry: Entry }) {
  const [, title, variant] = TITLES.find(([pattern]) => pattern.test(entry.event_type)) ?? [undefined, entry.event_type, 'info' as const];
  const { failure } = entry.payload as { failure?: Schemas['Failure'] };
  return (
    <ProgressStep
      id={`step-${entry.position}`}
      titleId={`step-${entry.position}-title`}
      variant={variant}
      aria-label={`${title}: recorded`}
      description={
        <span className="cm-breaks">
          {failure && (
            <>
              {sentence(failure.message)} <code className="cm-subtle">{failure.code}</code> ·{' '}
            </>
          )}
          <When time={entry.recorded_at} /> · <EventLink position={entry.position} />
        </span>
      }
    >
      {title}
    </ProgressStep>
  );
}

function Waiting({ title, about }: { title: string; about: string }) {
  return (
    <ProgressStep
      id="step-waiting"
      titleId="step-waiting-title"
      variant="pending"
      isCurrent
      aria-label={`${title}: under way`}
      description={about}
    >
      {title}
    </ProgressStep>
  );
}

export function EventLink({ position }: { position: number }) {
  const may = useMay('audit:read');
  return may ? <Link to={`/audit/at/${position}`}>event {position}</Link> : <>event {position}</>;
}

function Outcome({ cluster }: { cluster: Cluster }): ReactNode {
  const may = useMay('clusters:manage');
  const [changing, setChanging] = useState(false);
  return (
    <>
      {cluster.status === 'import_failed' && cluster.failure && (
        <Alert isInline component="h3" variant="danger" title={sentence(cluster.failure.message)} className="cm-space-above">
          <Advice check={cluster.failure} />
        </Alert>
      )}
      <div className="cm-actions cm-space-above">
        {cluster.status === 'import_failed' && may && <Button onClick={() => setChanging(true)}>Try again with other credentials</Button>}
        <ButtonLink to={`/clusters/${cluster.id}`} variant={cluster.status === 'import_failed' ? 'secondary' : 'primary'}>
          Go to the cluster
        </ButtonLink>
        <ButtonLink to="/clusters/import" variant="link">
          Import another one
        </ButtonLink>
      </div>
      {changing && (
        <Suspense>
          <ChangeDialog cluster={cluster} credentialsOnly close={() => setChanging(false)} />
        </Suspense>
      )}
    </>
  );
}
