/** A test of the connection: each check by its name, how it went, and what to do. */
import { Alert, Button, ProgressStep, ProgressStepper } from '@patternfly/react-core';
import type { ReactNode } from 'react';

import { Failed } from '../../../../kit/states';
import { count } from '../../../../kit/words';
import { Advice } from '../advice';
import type { Check, Tested } from '../queries';
import type { Trial } from '../trial';

const CHECKS: [Check['name'], string][] = [
  ['kubeconfig', 'Kubeconfig'],
  ['address', 'Address'],
  ['reach', 'Reachable'],
  ['tls', 'TLS certificate'],
  ['sign-in', 'Sign-in'],
  ['version', 'Kubernetes version'],
  ['permissions', 'Permissions'],
  ['identity', 'Identity'],
];

/** Passed, but with a code: something is to be known. */
const warned = (check: Check) => check.outcome === 'passed' && check.code !== null;

function variant(check: Check) {
  if (check.outcome === 'failed') return 'danger' as const;
  if (check.outcome === 'skipped') return 'default' as const;
  return warned(check) ? ('warning' as const) : ('success' as const);
}

const OUTCOMES = { danger: 'failed', default: 'skipped', warning: 'passed, with a warning', success: 'passed' };

export function TrialPart({ trial, start, headingLevel, children }: { trial: Trial; start: () => void; headingLevel: 'h2' | 'h3'; children?: ReactNode }) {
  const again = (
    <Button variant="secondary" className="cm-space-above" onClick={start}>
      {trial.kind === 'none' ? 'Test the connection' : 'Test again'}
    </Button>
  );
  if (trial.kind === 'none') return again;
  if (trial.kind === 'failed') {
    return (
      <>
        <Failed cause={trial.cause} inline byHand />
        {children}
        {again}
      </>
    );
  }
  const checks = trial.kind === 'told' ? trial.tested.checks : undefined;
  return (
    <>
      <div role="status" className="cm-space-below">
        {trial.kind === 'running' ? 'The hub is testing the connection. It takes at most 10 seconds.' : <Summary tested={trial.tested} />}
      </div>
      <ProgressStepper isVertical aria-label="Checks of the connection">
        {CHECKS.map(([name, title]) => {
          const check = checks?.find((one) => one.name === name);
          const kind = check ? variant(check) : 'pending';
          return (
            <ProgressStep
              key={name}
              id={`check-${name}`}
              titleId={`check-${name}-title`}
              variant={kind}
              aria-label={`${title}: ${kind === 'pending' ? 'waiting' : OUTCOMES[kind]}`}
              description={check && <Told check={check} />}
            >
              {title}
              {check && <span className="cm-subtle"> {OUTCOMES[variant(check)]}</span>}
            </ProgressStep>
          );
        })}
      </ProgressStepper>
      {checks
        ?.filter((check) => check.outcome === 'failed' || warned(check))
        .map((check) => (
          <Alert
            key={check.name}
            isInline
            component={headingLevel}
            variant={check.outcome === 'failed' ? 'danger' : 'warning'}
            title={`${CHECKS.find(([name]) => name === check.name)?.[1] ?? check.name}: what to do`}
            className="cm-space-above"
          >
            <Advice check={check} />
          </Alert>
        ))}
      {children}
      {trial.kind === 'told' && again}
    </>
  );
}

function Told({ check }: { check: Check }) {
  return (
    <span className="cm-clusters-breaks">
      {check.message}
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
      <strong className="cm-clusters-breaks">
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
