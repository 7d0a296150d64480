/** Changing a cluster: its description, its credentials, or both. */
import './styles.css';

import { ExpandableSection } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';

import { asProblem } from '../../../api/problem';
import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { FormDialog } from '../../../kit/form-dialog';
import { mayLeave, useUnsaved } from '../../../kit/leave';
import { kubeconfigLost, secretOf, told } from './draft';
import { Meanwhile } from './meanwhile';
import { type Chosen, KubeconfigPart } from './parts/kubeconfig';
import { LabelsPart } from './parts/labels';
import { TextField } from './parts/fields';
import { TrialPart } from './parts/trial';
import { changeCluster, type Changes, type Cluster, planChange, type Summary } from './queries';
import { labelRules, labelsOf, nameRule, regionRule, rowsOf } from './rules';
import { useTrial } from './trial';

const same = (one: Record<string, string>, other: Record<string, string>) => {
  const sorted = (labels: Record<string, string>) => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
};
const stale = (cause: unknown) => cause !== null && cause !== undefined && asProblem(cause).problem.status === 412;

export default function ChangeDialog({
  cluster,
  credentialsOnly = false,
  close,
}: {
  cluster: Cluster;
  credentialsOnly?: boolean;
  close: () => void;
}) {
  // As it was when the dialog was opened: what somebody else does meanwhile is told, not slipped in.
  const [base, setBase] = useState(cluster);
  const [name, setName] = useState(cluster.name);
  const [region, setRegion] = useState(cluster.region);
  const [rows, setRows] = useState(() => rowsOf(cluster.labels));
  const [chosen, setChosen] = useState<Chosen>();
  const [typing, setTyping] = useState(false);
  const [open, setOpen] = useState(false);
  const [confirming, setConfirming] = useState(false);
  const { trial, start, cancel: cancelTest, forget } = useTrial(cluster.id);
  const id = useId();
  const kept = useRef(chosen?.kept);
  useEffect(() => {
    kept.current = chosen?.kept;
  }, [chosen]);

  const secret = secretOf(chosen);
  const labels = labelsOf(rows);
  const changes: Changes = {
    ...(name === base.name ? {} : { name }),
    ...(region === base.region ? {} : { region }),
    ...(same(labels, base.labels) ? {} : { labels }),
    ...(secret ? { secret } : {}),
  };
  const describes = 'name' in changes || 'region' in changes || 'labels' in changes;
  // New credentials replace whatever holds, and the hub takes one change of them at a time: no revision is needed for that.
  const revision = describes ? base.revision : undefined;
  const wrong = Boolean(nameRule(name)) || Boolean(regionRule(region)) || labelRules(rows).size > 0 || (chosen !== undefined && !secret);
  const nothing = Object.keys(changes).length === 0;

  const plan = useMutation({ mutationFn: () => planChange(base.id, changes, revision), onSuccess: () => setConfirming(true), gcTime: 0 });
  const ended = () => {
    kept.current?.wipe();
    close();
  };
  const command = useCommand<{ changes: Changes; revision: number | undefined; why: Why }, Summary>({
    send: (input, headers) => changeCluster(base.id, input.changes, input.revision, headers),
    why: (input) => input.why,
    done: () => (describes ? `${name} was changed` : `New credentials for ${name} were handed in`),
    onDone: ended,
  });
  const touched = Object.keys(changes).filter((one) => one !== 'secret');
  useUnsaved(
    command.isPending
      ? []
      : [
          ...(touched.length > 0 ? [`Your changes to ${base.name}: ${touched.join(', ')}.`] : []),
          ...(chosen ? [kubeconfigLost(chosen)] : typing ? ['What stands in the field for the kubeconfig.'] : []),
        ],
  );
  const cancel = () => void mayLeave().then((leaves) => leaves && ended());
  const cause = command.error ?? plan.error;
  const fields = told(cause);
  const edited = () => {
    plan.reset();
    command.reset();
  };
  const takeOver = (now: Cluster) => {
    // What was not touched here becomes what it is now.
    if (name === base.name) setName(now.name);
    if (region === base.region) setRegion(now.region);
    if (same(labels, base.labels)) setRows(rowsOf(now.labels));
    setBase(now);
    edited();
  };

  if (confirming && plan.data && !stale(command.error)) {
    return (
      <ConfirmCommand
        title={`Change ${base.name}`}
        plan={<PlannedEvents plan={plan.data} />}
        button={plan.data.events.length === 0 ? 'Send it anyway' : 'Change the cluster'}
        failure={command.error}
        busy={command.isPending}
        repeats={command.repeats}
        confirm={(why) => command.mutate({ changes, revision, why })}
        close={() => setConfirming(false)}
      >
        <p>
          {secret
            ? 'New credentials hold once the cluster has accepted them; until then the present ones do.'
            : 'The description is changed at once. The cluster itself is not touched.'}
        </p>
      </ConfirmCommand>
    );
  }
  const credentials = (
    <>
      <KubeconfigPart
        id={`${id}-kubeconfig`}
        headingLevel="h2"
        chosen={chosen}
        missing={false}
        typing={setTyping}
        error={fields['/credentials']}
        change={(next) => {
          setChosen(next);
          forget();
          edited();
        }}
      />
      {secret && (
        <section aria-label="Test of the new credentials" className="cm-space-above">
          <TrialPart headingLevel="h2" trial={trial} start={() => void start(secret)} cancel={cancelTest} />
        </section>
      )}
    </>
  );
  return (
    <FormDialog
      title={credentialsOnly ? `Other credentials for ${base.name}` : `Change ${base.name}`}
      above={stale(cause) && <Meanwhile base={base} takeOver={takeOver} />}
      button="Preview the change"
      ready={!wrong && !nothing && !stale(cause)}
      busy={plan.isPending}
      failure={stale(cause) || Object.keys(fields).length > 0 ? undefined : cause}
      submit={() => plan.mutate()}
      close={cancel}
    >
      {!credentialsOnly && (
        <>
          <TextField
            id={`${id}-name`}
            label="Name"
            value={name}
            error={fields['/name'] ?? nameRule(name)}
            help="No other managed cluster has it."
            change={(next) => {
              setName(next);
              edited();
            }}
          />
          <TextField
            id={`${id}-region`}
            label="Region"
            value={region}
            error={fields['/region'] ?? regionRule(region)}
            help="The provider’s region, or the name of the site."
            change={(next) => {
              setRegion(next);
              edited();
            }}
          />
          <LabelsPart
            id={`${id}-labels`}
            rows={rows}
            error={fields['/labels']}
            change={(next) => {
              setRows(next);
              edited();
            }}
          />
        </>
      )}
      {credentialsOnly ? (
        credentials
      ) : (
        <ExpandableSection toggleText="Replace the credentials" isExpanded={open} onToggle={(_event, next) => setOpen(next)} isIndented>
          {credentials}
        </ExpandableSection>
      )}
    </FormDialog>
  );
}
