/** Bringing a cluster under management, step by step. What is put in lives here, whichever step is shown. */
import { Alert, Title, Wizard, WizardStep } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type MutableRefObject, type ReactNode, useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';

import { PlannedEvents, useCommand } from '../../../kit/command';
import { useUnsaved } from '../../../kit/leave';
import { Repeating } from '../../../kit/repeats';
import { Answered, Loading } from '../../../kit/states';
import { foresight } from './advice';
import { described, type Draft, EMPTY, newCluster, secretOf, told, unsent, withContext } from './draft';
import { Describe } from './parts/describe';
import { Foot } from './parts/foot';
import { KubeconfigPart } from './parts/kubeconfig';
import { Refusal } from './parts/refusal';
import { ChosenSummary } from './parts/summary';
import { TrialPart } from './parts/trial';
import { Watch } from './parts/watch';
import { importCluster, type NewCluster, planImport } from './queries';
import { useTrial } from './trial';

const PLAN = 'import-plan';

interface Intent {
  cluster: NewCluster;
  why: Draft['why'];
}

export function ImportWizard({ watched }: { watched: string | undefined }) {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [typing, setTyping] = useState(false);
  // Steps that somebody wanted to leave with something missing: it is named from then on.
  const [asked, setAsked] = useState({ kubeconfig: false, describe: false });
  const [said, setSaid] = useState<Partial<Record<string, string>>>({});
  const focusRef = useRef<string | undefined>(undefined);
  const client = useQueryClient();
  const navigate = useNavigate();
  const { trial, start, cancel: cancelTest, forget } = useTrial();
  const secret = secretOf(draft.chosen);
  const cluster = newCluster(draft);

  /** What the API says of fields is shown beside them, until they change. */
  const noted = async <T,>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (cause) {
      setSaid((before) => ({ ...before, ...told(cause) }));
      throw cause;
    }
  };
  const command = useCommand<Intent, Awaited<ReturnType<typeof importCluster>>['body']>({
    send: (intent, headers) => noted(importCluster(intent.cluster, headers)),
    why: (intent) => intent.why,
    waiting: 'The answer to the import. It was sent, and may be carried out all the same: the list of clusters tells.',
    bySearch: true,
    done: (_answer, intent) => `The import of ${intent.cluster.name} was requested`,
    onDone: (answer, intent) => {
      intent.cluster.secret.kept.wipe();
      client.removeQueries({ queryKey: [PLAN] });
      setDraft(EMPTY);
      setSaid({});
      setAsked({ kubeconfig: false, describe: false });
      forget();
      sent();
      // Who went elsewhere meanwhile stays there: the message leads here.
      if (here.current) void navigate(`/clusters/import?cluster=${answer.id}`, { replace: true });
    },
  });
  const here = useRef(false);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const sent = useUnsaved(command.isPending ? [] : unsent(draft, typing), { bySearch: true });
  const change = (next: Draft, pointer?: string) => {
    setDraft(next);
    if (pointer !== undefined) setSaid((before) => ({ ...before, [pointer]: undefined }));
    if (next.chosen?.kept !== draft.chosen?.kept || next.chosen?.context !== draft.chosen?.context) forget();
    // Whether the import would be accepted has to be asked again.
    else if (trial.kind === 'told' && trial.refusal) forget();
    if (!command.isPending) command.reset();
  };
  const test = () => {
    if (cluster) void start(cluster.secret, (signal) => noted(planImport(cluster, signal)));
  };
  const send = () => {
    if (cluster) command.mutate({ cluster, why: draft.why });
    return false;
  };
  const cancel = () => void navigate('/clusters');
  const lead = (id: string) => {
    focusRef.current = id;
  };
  const refusal = trial.kind === 'told' ? trial.refusal : undefined;
  const untested = trial.kind === 'failed' || trial.kind === 'stopped';
  const goesOn = untested || (trial.kind === 'told' && !refusal);
  return (
    <>
      <Wizard
        // From the moment when it is requested there is nothing to go back to.
        key={watched ?? 'draft'}
        startIndex={watched === undefined ? 1 : 5}
        isVisitRequired
        navAriaLabel="Steps of the import"
        className="cm-clusters-wizard"
        onClose={cancel}
      >
        <WizardStep
          name="Kubeconfig"
          id="kubeconfig"
          isDisabled={watched !== undefined || command.isPending}
          status={watched !== undefined ? 'success' : said['/credentials'] || (asked.kubeconfig && !secret) ? 'error' : asked.kubeconfig ? 'success' : 'default'}
          footer={
            <Foot
              cancel={cancel}
              next={() => {
                setAsked({ ...asked, kubeconfig: true });
                return secret !== undefined;
              }}
            />
          }
        >
          <Step title="How the hub reaches the cluster" focusRef={focusRef}>
            <KubeconfigPart
              id="import-kubeconfig"
              headingLevel="h3"
              chosen={draft.chosen}
              typing={setTyping}
              missing={asked.kubeconfig}
              error={said['/credentials']}
              change={(chosen) => change(withContext(draft, chosen), '/credentials')}
            />
          </Step>
        </WizardStep>
        <WizardStep
          name="Description"
          id="describe"
          isDisabled={watched !== undefined || command.isPending || !secret}
          status={
            watched !== undefined
              ? 'success'
              : ['/name', '/provider', '/region', '/labels'].some((pointer) => said[pointer]) || (asked.describe && !described(draft))
                ? 'error'
                : asked.describe
                  ? 'success'
                  : 'default'
          }
          footer={
            <Foot
              cancel={cancel}
              next={() => {
                setAsked({ ...asked, describe: true });
                if (!cluster) return false;
                if (trial.kind === 'none') test();
                return true;
              }}
            />
          }
        >
          <Step title="What it is" focusRef={focusRef}>
            <Describe draft={draft} change={change} asked={asked.describe} told={said} />
          </Step>
        </WizardStep>
        <WizardStep
          name="Connection"
          id="test"
          isDisabled={watched !== undefined || command.isPending || !cluster}
          status={watched !== undefined ? 'success' : trial.kind === 'told' ? (trial.tested.connected ? 'success' : 'warning') : 'default'}
          footer={
            <Foot
              cancel={cancel}
              disabled={!goesOn}
              label={goesOn && !(trial.kind === 'told' && trial.tested.connected) ? 'Go on anyway' : 'Next'}
              next={() => true}
            />
          }
        >
          <Step title="Test the connection" focusRef={focusRef}>
            <p className="cm-space-below cm-subtle">The hub tries what an import would try, for at most 10 seconds, and records nothing.</p>
            <TrialPart headingLevel="h3" trial={trial} start={test} cancel={cancelTest}>
              {refusal && (
                <>
                  <p className="cm-space-above">The import itself would be refused:</p>
                  <Refusal cause={refusal} focus={lead} />
                </>
              )}
              {trial.kind === 'told' && !trial.tested.connected && !refusal && (
                <Alert isInline component="h3" variant="warning" title="You may go on all the same" className="cm-space-above">
                  {foresight(trial.tested.checks.find((check) => check.outcome === 'failed'))}
                </Alert>
              )}
              {untested && (
                <Alert isInline component="h3" variant="warning" title="You may go on without a test" className="cm-space-above">
                  {foresight(undefined)}
                </Alert>
              )}
            </TrialPart>
          </Step>
        </WizardStep>
        <WizardStep
          name="Review"
          id="review"
          isDisabled={watched !== undefined || command.isPending || !cluster || !goesOn}
          status={watched !== undefined ? 'success' : 'default'}
          footer={<Foot cancel={cancel} label="Import the cluster" disabled={!cluster} busy={command.isPending} next={send} />}
        >
          <Step title="Review" focusRef={focusRef}>
            <ChosenSummary draft={draft} trial={trial} />
            <h3 className="cm-heading">What will be recorded</h3>
            {cluster && <Planned cluster={cluster} ask={(signal) => noted(planImport(cluster, signal))} focus={lead} />}
            <Repeating busy={command.isPending} repeats={command.repeats} />
            {command.isError && <Refusal cause={command.error} focus={lead} />}
          </Step>
        </WizardStep>
        <WizardStep name="Import" id="watch" isDisabled={watched === undefined} footer={<></>}>
          <Step title="The import" focusRef={focusRef}>
            {watched === undefined ? <Loading what="The import" /> : <Watch id={watched} />}
          </Step>
        </WizardStep>
      </Wizard>
    </>
  );
}

function Planned({
  cluster,
  ask,
  focus,
}: {
  cluster: NewCluster;
  ask: (signal: AbortSignal) => ReturnType<typeof planImport>;
  focus: (id: string) => void;
}) {
  const plan = useQuery({
    // A secret is named by a number: see `Kept`.
    queryKey: [PLAN, JSON.stringify(cluster)],
    queryFn: ({ signal }) => ask(signal),
    gcTime: 0,
    retry: false,
  });
  if (plan.isError) return <Refusal cause={plan.error} retry={() => void plan.refetch()} focus={focus} />;
  return (
    <Answered query={plan} what="The preview">
      {(data) => <PlannedEvents plan={data} />}
    </Answered>
  );
}

/** A step's heading and, when one was led here, the field that is meant. */
function Step({ title, focusRef, children }: { title: string; focusRef: MutableRefObject<string | undefined>; children: ReactNode }) {
  useEffect(() => {
    const id = focusRef.current;
    focusRef.current = undefined;
    if (id !== undefined) document.getElementById(id)?.focus();
  }, [focusRef]);
  return (
    <>
      <Title headingLevel="h2" size="lg" className="cm-space-below">
        {title}
      </Title>
      {children}
    </>
  );
}
