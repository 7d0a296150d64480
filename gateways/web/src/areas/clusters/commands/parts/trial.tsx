/** A test of the connection: each check by its name, how it goes as it is decided, and what to do. */
import { ActionList, ActionListItem, Alert, Button, ProgressStep, ProgressStepper, Spinner } from '@patternfly/react-core';
import { type ReactNode, useRef } from 'react';

import { Failed } from '../../../../kit/states';
import { count, sentence, word } from '../../../../kit/words';
import { Advice } from '../advice';
import type { Check, Tested } from '../queries';
import type { Trial } from '../trial';

const TITLES: Record<Check['name'], string> = {
  kubeconfig: 'Kubeconfig',
  address: 'Address',
  reach: 'Reachable',
  tls: 'TLS certificate',
  'sign-in': 'Sign-in',
  version: 'Kubernetes version',
  permissions: 'Permissions',
  identity: 'Identity',
};

/** A check that is newer than this page is told by its own name. */
const titleOf = (name: string) => TITLES[name as Check['name']] ?? word(name);

/** Passed, but with a code: something is to be known. */
const warned = (check: Check) => check.outcome === 'passed' && check.code !== null;

function variant(check: Check) {
  if (check.outcome === 'failed') return 'danger' as const;
  if (check.outcome === 'skipped') return 'default' as const;
  return warned(check) ? ('warning' as const) : ('success' as const);
}

const OUTCOMES = { danger: 'failed', default: 'skipped', warning: 'passed, with a warning', success: 'passed' };
const outcomeOf = (check: Check) => OUTCOMES[variant(check)];

interface Shown {
  names: readonly string[];
  checks: readonly Check[];
  /** The check that the hub is at. */
  at: string | undefined;
}

function shownOf(trial: Trial): Shown | undefined {
  if (trial.kind === 'told') return { names: trial.tested.checks.map(({ name }) => name), checks: trial.tested.checks, at: undefined };
  if (trial.kind !== 'running' && trial.kind !== 'stopped') return undefined;
  const { names, checks } = trial;
  const next = names.find((name) => !checks.some((check) => check.name === name));
  return { names, checks, at: trial.kind === 'running' && !trial.decided ? next : undefined };
}

export function TrialPart(props: {
  trial: Trial;
  start: () => void;
  cancel: () => void;
  headingLevel: 'h2' | 'h3';
  children?: ReactNode;
}) {
  const { trial, start, cancel, headingLevel, children } = props;
  const again = useRef<HTMLButtonElement>(null);
  const shown = shownOf(trial);
  const running = trial.kind === 'running';
  return (
    <>
      {trial.kind === 'failed' && <Failed cause={trial.cause} inline byHand />}
      <div role="status" className={trial.kind === 'none' ? undefined : 'cm-space-below'}>
        {running && <Underway trial={trial} at={shown?.at} />}
        {trial.kind === 'told' && <Summary tested={trial.tested} />}
        {trial.kind === 'stopped' && <Stopped by={trial.by} />}
      </div>
      {shown && shown.names.length > 0 && <Checks shown={shown} />}
      {shown?.checks
        .filter((check) => check.outcome === 'failed' || warned(check))
        .map((check) => (
          <Alert
            key={check.name}
            isInline
            component={headingLevel}
            variant={check.outcome === 'failed' ? 'danger' : 'warning'}
            title={`${titleOf(check.name)}: what to do`}
            className="cm-space-above"
          >
            <Advice check={check} />
          </Alert>
        ))}
      {children}
      <ActionList className="cm-space-above">
        <ActionListItem>
          <Button ref={again} variant="secondary" isAriaDisabled={running} onClick={start}>
            {trial.kind === 'none' ? 'Test the connection' : trial.kind === 'stopped' || trial.kind === 'failed' ? 'Try again' : 'Test again'}
          </Button>
        </ActionListItem>
        {running && (
          <ActionListItem>
            <Button
              variant="link"
              onClick={() => {
                cancel();
                // This one goes away.
                again.current?.focus();
              }}
            >
              Cancel the test
            </Button>
          </ActionListItem>
        )}
      </ActionList>
    </>
  );
}

function Underway({ trial, at }: { trial: Trial & { kind: 'running' }; at: string | undefined }) {
  const { names, checks, decided } = trial;
  const last = checks.at(-1);
  if (decided) return <>The test is through. Whether the import would be accepted all the same is being asked.</>;
  if (names.length === 0) return <>The hub is being asked for a test.</>;
  return (
    <>
      {last && `${titleOf(last.name)}: ${outcomeOf(last)}. `}
      {at && `Now: ${titleOf(at)}, ${checks.length + 1} of ${names.length}.`}
    </>
  );
}

function Stopped({ by }: { by: 'person' | 'cut' }) {
  return by === 'person' ? (
    <strong>The test was cancelled.</strong>
  ) : (
    <strong>The connection to the hub was cut: what has not been decided is not known. Nothing was recorded; try again.</strong>
  );
}

function Checks({ shown: { names, checks, at } }: { shown: Shown }) {
  return (
    <ProgressStepper isVertical aria-label="Checks of the connection" className="cm-clusters-checks">
      {names.map((name) => {
        const check = checks.find((one) => one.name === name);
        const here = name === at;
        const said = check ? outcomeOf(check) : here ? 'being checked' : at === undefined ? 'not decided' : 'waiting';
        return (
          <ProgressStep
            key={name}
            id={`check-${name}`}
            titleId={`check-${name}-title`}
            variant={check ? variant(check) : 'pending'}
            isCurrent={here}
            {...(here ? { icon: <Spinner size="md" aria-hidden /> } : {})}
            aria-label={`${titleOf(name)}: ${said}`}
            description={check && <Told check={check} />}
          >
            {titleOf(name)}
            <span className="cm-subtle">: {said}</span>
          </ProgressStep>
        );
      })}
    </ProgressStepper>
  );
}

function Told({ check }: { check: Check }) {
  return (
    <span className="cm-breaks">
      {sentence(check.message)}
      {check.code !== null && (
        <>
          {' '}
          <code className="cm-subtle">{check.code}</code>
        </>
      )}
    </span>
  );
}

function Summary({ tested }: { tested: Tested }) {
  const failed = tested.checks.find((check) => check.outcome === 'failed');
  if (!tested.connected)
    return (
      <strong className="cm-breaks">
        With these credentials the hub could not manage the cluster{failed && `: ${failed.message}`}.
      </strong>
    );
  const { k8s_version: version, nodes } = tested;
  return (
    <strong>
      The connection works
      {version && `: Kubernetes ${version}`}
      {nodes && `, ${count(nodes.ready)} of ${count(nodes.total)} ${nodes.total === 1 ? 'node' : 'nodes'} ready`}.
    </strong>
  );
}
