/** Plays entries one after another: it begins at rest, can be paused at any time, and every step can be made by hand. */
import { Checkbox } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Link } from 'react-router';

import { useMay } from '../../../app/me';
import { useAddress } from '../../../kit/address';
import { HealthLabel, OutcomeLabel } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { Failed } from '../../../kit/states';
import { at, count, eventWord, HEALTHS } from '../../../kit/words';
import { Controls, useGoing } from '../controls';
import { Target } from '../parts/about';
import { type Entry, useFleetAt } from '../queries';
import { fleetPositions, layOut } from './lanes';
import { useSettled } from './settled';
import { Timeline } from './timeline';

/** Entries a second. */
const SPEEDS = [1, 2, 5, 20];

export function Player({ entries }: { entries: readonly Entry[] }) {
  const [params, change] = useAddress();
  // Until somebody moves, the address says where one is; its entry may be among those that are still being fetched.
  const wanted = Number(params.get('at'));
  const found = useMemo(() => entries.findIndex(({ position }) => position === wanted), [entries, wanted]);
  const [speed, setSpeed] = useState(2);
  const [evenly, setEvenly] = useState(false);
  const going = useGoing(entries.length, Math.max(0, found), 1000 / speed);
  const { now, last, moved, running, still, go } = going;
  const entry = entries[now];
  const position = entry?.position;
  // Once it has moved and rests the address says where.
  useEffect(() => {
    if (running || !moved || position === undefined) return undefined;
    const timer = setTimeout(() => change((next) => next.set('at', String(position)), { replace: true }), 400);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- it is another one after each change of the address
  }, [running, moved, position]);
  const { lanes, dots } = useMemo(() => layOut(entries, evenly), [entries, evenly]);
  const fleets = useMemo(() => fleetPositions(entries), [entries]);
  if (!entry) return null;
  const told = `${at(entry.recorded_at)}: ${eventWord(entry.event_type)}, ${entry.summary}`;
  return (
    <>
      <Controls going={going} label="Replay">
        {!still && (
          <label>
            Speed{' '}
            <select className="cm-select" value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>
              {SPEEDS.map((one) => (
                <option key={one} value={one}>
                  {one === 1 ? '1 entry a second' : `${one} entries a second`}
                </option>
              ))}
            </select>
          </label>
        )}
        <Checkbox id="cm-audit-evenly" label="Evenly spaced" isChecked={evenly} onChange={(_event, checked) => setEvenly(checked)} />
      </Controls>
      <input type="range" className="cm-audit-scrubber" aria-label="Entry of the period" min={0} max={last} value={now} aria-valuetext={`${now + 1} of ${entries.length}, ${told}`} onChange={(event) => go(Number(event.target.value))} />
      <Timeline lanes={lanes} dots={dots} now={now} from={entries[0]?.recorded_at ?? ''} to={entries[last]?.recorded_at ?? ''} text={`Timeline of ${entries.length} entries on ${lanes.length} lanes. Now: ${told}`} />
      <div className="cm-audit-columns">
        <section aria-labelledby="cm-audit-now" aria-live={running ? 'off' : 'polite'}>
          <h2 id="cm-audit-now" className="cm-heading">
            {at(entry.recorded_at)}
          </h2>
          <p>
            <Link to={`/audit/${entry.id}`}>{eventWord(entry.event_type)}</Link> <OutcomeLabel outcome={entry.outcome} />
          </p>
          <p>{entry.summary}</p>
          <p className="cm-subtle">
            <Who actor={entry.actor} /> → <Target entry={entry} />
          </p>
        </section>
        <FleetThen position={fleets[now] ?? entry.position} />
      </div>
    </>
  );
}

/** The fleet by health, as it was at that moment. */
function FleetThen({ position }: { position: number }) {
  const may = useMay('clusters:read');
  const client = useQueryClient();
  const known = client.getQueryData(['replay', 'fleet', position]) !== undefined;
  const settled = useSettled(position, 500);
  const fleet = useFleetAt(may ? (known ? position : settled) : undefined);
  if (!may) return null;
  return (
    <section aria-labelledby="cm-audit-fleet" aria-busy={fleet.isFetching}>
      <h2 id="cm-audit-fleet" className="cm-heading">
        The fleet at that moment
      </h2>
      {fleet.isError && !fleet.data ? (
        <Failed cause={fleet.error} retry={() => void fleet.refetch()} inline />
      ) : fleet.data ? (
        fleet.data.clusters.total === 0 ? (
          <p className="cm-subtle">There was no cluster.</p>
        ) : (
          <ul className="cm-plain-list cm-audit-many">
            {HEALTHS.map((health) => (
              <li key={health}>
                <HealthLabel health={health} /> {count(fleet.data.clusters.by_health[health] ?? 0)}
              </li>
            ))}
            <li className="cm-subtle">
              {count(fleet.data.clusters.total)} clusters, <Link to={`/fleet?as_of=${fleet.data.position}`}>as they were then</Link>
            </li>
          </ul>
        )
      ) : (
        <p className="cm-subtle">…</p>
      )}
    </section>
  );
}
