/** One entry: who, from where, what, why, and what it led to. */
import { Button, DescriptionList } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';

import { useMay } from '../../../app/me';
import { DiffTable } from '../../../kit/diff';
import { ButtonLink, Frame, Json, OutcomeLabel } from '../../../kit/parts';
import { isPerson, WhoInFull } from '../../../kit/people';
import { Answered, Failed } from '../../../kit/states';
import { Term } from '../../../kit/terms';
import { at, count, eventWord } from '../../../kit/words';
import { type Entry, proofOf, useEntry } from '../queries';
import { proofName, save } from '../save';
import { Target } from './about';
import { Chain } from './chain';

export function EntryPage() {
  const id = useParams()['id'] ?? '';
  const query = useEntry(id);
  // Another entry is another page: nothing of the one before stays.
  return query.data ? (
    <Shown key={id} entry={query.data} />
  ) : (
    <Frame title="Entry of the audit log">
      <Answered query={query} what="The entry" back={<ButtonLink to="/audit" variant="link">To the audit log</ButtonLink>}>
        {() => null}
      </Answered>
    </Frame>
  );
}

function Shown({ entry }: { entry: Entry }) {
  return (
    <Frame
      title={eventWord(entry.event_type)}
      tab={`${eventWord(entry.event_type)}, position ${count(entry.position)}`}
      about={
        <>
          {entry.summary} <OutcomeLabel outcome={entry.outcome} />
        </>
      }
      actions={
        <>
          <ButtonLink to={`/audit/${entry.id}/verify`}>Verify</ButtonLink>
          <Download entry={entry} />
        </>
      }
    >
      <div className="cm-audit-columns">
        <section aria-labelledby="cm-audit-who">
          <h2 id="cm-audit-who" className="cm-heading">
            Who, when, why
          </h2>
          <Facts entry={entry} />
        </section>
        <section aria-labelledby="cm-audit-what">
          <h2 id="cm-audit-what" className="cm-heading">
            What changed
          </h2>
          {entry.before === null && entry.after === null ? (
            <p className="cm-subtle">This event changes nothing that has a before and an after.</p>
          ) : (
            <DiffTable before={entry.before} after={entry.after} label="Before and after" />
          )}
          <h3 className="cm-heading">Body of the event, as it was recorded</h3>
          <Json value={entry.payload} label="Body of the event" />
        </section>
      </div>
      <section aria-labelledby="cm-audit-chain">
        <h2 id="cm-audit-chain" className="cm-heading">
          Cause and effects
        </h2>
        <Chain entry={entry} />
      </section>
    </Frame>
  );
}

function Facts({ entry }: { entry: Entry }) {
  const personal = useMay('audit:read-personal');
  const { origin } = entry;
  return (
    <DescriptionList isHorizontal isCompact horizontalTermWidthModifier={{ default: '11ch' }}>
      <Term name="Who">
        <WhoInFull actor={entry.actor} />
      </Term>
      <Term name="From where">
        {origin ? (
          <>
            <code>{origin.ip}</code>
            {origin.user_agent && <div className="cm-subtle cm-audit-id">{origin.user_agent}</div>}
          </>
        ) : (
          <span className="cm-subtle">{personal ? 'The hub itself, or it was erased.' : 'Your roles do not show personal data.'}</span>
        )}
      </Term>
      <Term name="When">
        <time dateTime={entry.recorded_at}>{at(entry.recorded_at)}</time> <span className="cm-subtle cm-audit-id">({entry.recorded_at})</span>
      </Term>
      <Term name="Command">
        <code>{entry.action}</code>
      </Term>
      <Term name="Event">
        <code className="cm-audit-id">{entry.event_type}</code>
      </Term>
      <Term name="Target">
        {isPerson(entry.target_id) ? <WhoInFull actor={entry.target_id} /> : <Target entry={entry} />} <span className="cm-subtle">revision {count(entry.revision)}</span>
      </Term>
      <Term name="Reason">{entry.reason ?? <None />}</Term>
      <Term name="Change request">{entry.change_request ?? <None />}</Term>
      <Term name="Request id">{entry.request_id ? <code className="cm-audit-id">{entry.request_id}</code> : <None />}</Term>
      <Term name="Trace id">{entry.trace_id ? <code className="cm-audit-id">{entry.trace_id}</code> : <None />}</Term>
      <Term name="Place">
        Entry {count(entry.sequence)} of this tenant (from 0), ledger position {count(entry.position)}
      </Term>
      <Term name="Leaf hash">
        <code className="cm-audit-id">{entry.leaf_hash}</code>
      </Term>
    </DescriptionList>
  );
}

function None() {
  return <span className="cm-subtle">none was given</span>;
}

/** The proof, as the hub answers it, as a file. */
function Download({ entry }: { entry: Entry }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const download = () => {
    setBusy(true);
    setFailure(undefined);
    client
      .fetchQuery({ ...proofOf(entry.id), retry: false })
      .then((text) => save(proofName(entry), text, 'application/json'))
      .catch(setFailure)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button variant="secondary" isLoading={busy} isDisabled={busy} onClick={download}>
        Download the proof
      </Button>
      {failure !== undefined && <Failed cause={failure} inline retry={download} />}
    </>
  );
}
