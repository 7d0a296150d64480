/** The first three steps: import a cluster, look at it, see the proof. Each ticks itself off by what really happened. */
import { Button, Card, CardBody, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Label } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import CloseIcon from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { type ReactNode, useEffect, useState } from 'react';

import { useMay } from '../../../app/me';
import { ButtonLink } from '../../../kit/parts';
import { Failed } from '../../../kit/states';
import { type FleetView, useCovered, useFirstImport } from '../queries';
import { isCovered, keep, kept, ticks, visits, wasSeen } from '../steps';
import { ImportPicture, LookPicture, ProofPicture } from './pictures';

/** Whether this browser still shows the steps, and how it is told not to. */
export function useWelcome() {
  const [before, setBefore] = useState(kept);
  const permitted = [useMay('clusters:manage'), useMay('audit:read')].every(Boolean);
  const close = (closed: boolean) => {
    const next = { ...kept(), closed };
    keep(next);
    setBefore(next);
  };
  // Once all are ticked off they do not come back with the next visit.
  return { permitted, shown: permitted && !before.closed && before.ticked.length < 3, close };
}

interface WelcomeProps {
  clusters: FleetView['clusters'];
  close: () => void;
  /** Above a fleet it takes less room. */
  compact: boolean;
}

export function Welcome({ clusters, close, compact }: WelcomeProps) {
  const { by_health: byHealth, by_status: byStatus } = clusters;
  const first = useFirstImport(true);
  const head = useCovered(first.data !== null && first.data !== undefined);
  const [seen] = useState(visits);
  const entry = first.data ?? null;
  const facts = { entry, byHealth, covered: head.data ?? 0, ...seen };
  const [before] = useState(() => kept().ticked);
  const done = ticks(facts, before);
  const [one, two, three] = done;
  useEffect(() => {
    const ticked = [1, 2, 3].filter((step) => [one, two, three][step - 1]);
    if (ticked.length > kept().ticked.length) keep({ ...kept(), ticked });
  }, [one, two, three]);
  const all = done.every(Boolean);
  const failed = first.error ?? head.error;
  return (
    <Card isCompact={compact} className={compact ? 'cm-fleet-welcome cm-fleet-welcome-compact' : 'cm-fleet-welcome'} component="section" aria-labelledby="cm-fleet-welcome">
      <CardBody>
        <div className="cm-fleet-welcome-head">
          <div>
            <h2 id="cm-fleet-welcome" className="cm-fleet-welcome-title">
              {all ? 'That was all of it' : 'Three steps to a fleet that proves itself'}
            </h2>
            <p className="cm-subtle">
              {all ? 'Import, look, verify: every later change works the same.' : `${done.filter(Boolean).length} of 3 are done. They tick themselves off.`}
            </p>
          </div>
          <Button variant="plain" icon={<CloseIcon />} aria-label="Close the first steps" onClick={close} />
        </div>
        {failed && <Failed cause={failed} retry={() => void Promise.all([first.refetch(), head.refetch()])} inline />}
        <ol className="cm-fleet-steps">
          <Step number={1} done={one} title="Import a cluster" picture={<ImportPicture />} open={!one} action={<Way to="/clusters/import" open={!one}>{one ? 'Import another' : 'Import a cluster'}</Way>}>
            Hand in its kubeconfig. The hub asks the cluster who it is; nothing is installed in it.
          </Step>
          <Step
            number={2}
            done={two}
            title="Look at it"
            picture={<LookPicture />}
            open={one && !two}
            action={entry && <Way to={`/clusters/${entry.target_id}`} open={!two}>Open the cluster</Way>}
          >
            {lookWord(one, wasSeen(byHealth), (byStatus['import_failed'] ?? 0) > 0)}
          </Step>
          <Step
            number={3}
            done={three}
            title="See the proof"
            picture={<ProofPicture />}
            open={two && !three}
            action={entry && isCovered(facts) && <Way to={`/audit/${entry.id}`} open={two && !three}>See the entry</Way>}
          >
            {entry && !isCovered(facts) ? 'Your import is recorded. A signed checkpoint covers it within seconds.' : 'The import is an entry of the ledger. Press Verify there: your browser checks it, not the hub.'}
          </Step>
        </ol>
      </CardBody>
    </Card>
  );
}

function lookWord(imported: boolean, seen: boolean, failed: boolean): string {
  if (!imported) return 'Its health, nodes and versions show here, as they change.';
  if (seen) return 'The hub has seen how it is. Open its page.';
  return failed ? 'The import failed. The page of the cluster says why.' : 'The hub has not seen yet how it is; it looks every few seconds.';
}

/** The step that is next stands out. */
function Way({ to, open, children }: { to: string; open: boolean; children: ReactNode }) {
  return (
    <ButtonLink to={to} variant={open ? 'primary' : 'secondary'}>
      {children}
    </ButtonLink>
  );
}

function Step(props: { number: number; done: boolean; open: boolean; title: string; picture: ReactNode; action: ReactNode; children: ReactNode }) {
  return (
    <li className="cm-fleet-step" {...(props.open ? { 'aria-current': 'step' as const } : {})}>
      {props.picture}
      <div className="cm-fleet-step-text">
      <h3 className="cm-fleet-step-title">
        {props.number}. {props.title}{' '}
        {props.done && (
          <Label isCompact status="success" icon={<CheckCircleIcon />}>
            Done
          </Label>
        )}
      </h3>
      <p>{props.children}</p>
      <div className="cm-fleet-step-action">{props.action}</div>
      </div>
    </li>
  );
}

/** An empty fleet after the steps were closed, and for those who import nothing. */
export function NoClusters({ permitted, open }: { permitted: boolean; open: () => void }) {
  return (
    <EmptyState titleText="There are no clusters" headingLevel="h2">
      <EmptyStateBody>
        {permitted ? 'Import one, and it shows here within seconds.' : 'As soon as somebody imports one, it shows here. That takes the role of an operator.'}
      </EmptyStateBody>
      {permitted && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <ButtonLink to="/clusters/import">Import a cluster</ButtonLink>
            <Button variant="link" onClick={open}>
              Show the first steps
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}
