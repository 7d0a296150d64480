/** Verifies an entry in this browser, step by step. The hub hands out bytes; it is not asked whether they are right. */
import { Alert, AlertActionLink, Button, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, useParams } from 'react-router';

import { asProblem } from '../../../api/problem';
import { ButtonLink, Frame } from '../../../kit/parts';
import { Answered, Failed, Loading } from '../../../kit/states';
import { count, eventWord } from '../../../kit/words';
import { evidence } from '../evidence';
import { rememberVerified, useHeldKey } from '../keeping';
import { type Entry, PENDING, useEntry, useProof, useRotations } from '../queries';
import { evidenceName, proofName, save } from '../save';
import { engine } from '../verify/engine';
import { stations, verdict } from '../verify/stations';
import { type Report, verify } from '../verify/verify';
import { KEY_FIELD, KeyPanel } from './key';
import { Walk } from './walk';

export function VerifyPage() {
  const id = useParams()['id'] ?? '';
  const query = useEntry(id);
  return (
    <Frame
      title="Verify an entry"
      {...(query.data ? { tab: `Verify: ${eventWord(query.data.event_type)}, position ${count(query.data.position)}` } : {})}
      about={query.data && <Link to={`/audit/${id}`}>{eventWord(query.data.event_type)}</Link>}
      actions={
        <ButtonLink to={`/audit/${id}`} variant="secondary">
          Back to the entry
        </ButtonLink>
      }
    >
      <Answered query={query} what="The entry" back={<ButtonLink to="/audit" variant="link">To the audit log</ButtonLink>}>
        {(entry) => <Verified key={id} entry={entry} />}
      </Answered>
    </Frame>
  );
}

function Verified({ entry }: { entry: Entry }) {
  const proof = useProof(entry.id);
  const rotations = useRotations();
  const held = useHeldKey();
  const notes = rotations.data ?? [];
  const text = proof.data;
  const report = useQuery({
    queryKey: ['verification', entry.id, proof.dataUpdatedAt, held ?? null, notes, entry],
    queryFn: async () => verify(await engine(), { text: text ?? '', entry, held, rotations: notes }),
    enabled: text !== undefined && !rotations.isLoading,
    staleTime: Infinity,
  });
  const proven = report.data?.proven;
  useEffect(() => {
    if (proven) rememberVerified(entry.id);
  }, [proven, entry.id]);
  const pending = asProblem(proof.failureReason).problem.code === PENDING && text === undefined;
  // It waits below until what stands above it is there, and stays from then on.
  const [settled, setSettled] = useState(false);
  if (!settled && (report.data !== undefined || report.isError || proof.isError || pending)) setSettled(true);
  return (
    <>
      <div aria-live="polite" className="cm-space-below">
        {pending ? (
          <Alert isInline component="h2" variant="info" customIcon={<Spinner size="md" aria-hidden />} title="Not yet: no checkpoint covers this entry">
            The hub signs a checkpoint within seconds of an event. This page asks again by itself until there is one; there is nothing that you have to do.
          </Alert>
        ) : proof.isError && text === undefined ? (
          <Failed cause={proof.error} retry={() => void proof.refetch()} />
        ) : report.isError ? (
          <Failed cause={report.error} retry={() => void report.refetch()} />
        ) : report.data ? (
          <Verdict report={report.data} />
        ) : (
          <Loading what="The proof" />
        )}
      </div>
      {report.data && text !== undefined && (
        <>
          <div className="cm-actions cm-space-below">
            <Button variant="secondary" onClick={() => void proof.refetch()} isLoading={proof.isFetching} isDisabled={proof.isFetching}>
              Verify again
            </Button>
            <Button variant="secondary" onClick={() => save(proofName(entry), text, 'application/json')}>
              Download the proof
            </Button>
            <Button variant="secondary" onClick={() => report.data && save(evidenceName(entry), evidence(entry, report.data, text, new Date()), 'text/html')}>
              Download an evidence report
            </Button>
          </div>
          <Walk key={proof.dataUpdatedAt} report={report.data} stations={stations(report.data)} />
        </>
      )}
      {settled && <KeyPanel named={report.data?.proof?.verifierKey} held={held} />}
    </>
  );
}

function Verdict({ report }: { report: Report }) {
  const { title, text } = verdict(report);
  return (
    <Alert
      isInline
      component="h2"
      variant={!report.proven ? 'danger' : report.trust === 'held' ? 'success' : 'warning'}
      title={title}
      actionLinks={report.trust === 'hub' && <AlertActionLink onClick={() => document.getElementById(KEY_FIELD)?.focus()}>Use a key that you hold</AlertActionLink>}
    >
      <p>{text}</p>
      <p className="cm-subtle">
        Computed here, in your browser: hashes by {report.hashesBy}, signatures by {report.signaturesBy}.
      </p>
    </Alert>
  );
}
