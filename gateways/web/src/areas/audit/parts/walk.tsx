/** One walks through the verification: each step in words, with its hashes, and where it is in the tree. */
import { Button } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';

import { RowHead } from '../../../kit/row-head';
import { Controls, useGoing } from '../controls';
import type { Station } from '../verify/stations';
import type { Hashes, Report, Step } from '../verify/verify';
import { TreePath } from './tree';

const PACE = 1_500;

const MARK: Record<Step['status'], { icon: typeof CheckCircleIcon; word: string }> = {
  holds: { icon: CheckCircleIcon, word: 'holds' },
  fails: { icon: ExclamationCircleIcon, word: 'fails' },
  skipped: { icon: MinusCircleIcon, word: 'could not be done' },
};

export function Walk({ report, stations }: { report: Report; stations: readonly Station[] }) {
  const failing = stations.findIndex(({ step }) => step.status === 'fails');
  const going = useGoing(stations.length, failing < 0 ? stations.length - 1 : failing, PACE);
  const { now, running, go } = going;
  const station = stations[now];
  if (!station) return null;
  return (
    <section aria-labelledby="cm-audit-steps">
      <h2 id="cm-audit-steps" className="cm-heading">
        What was computed, step by step
      </h2>
      <Controls going={going} label="Walk through the steps" rewind />
      <div className="cm-audit-columns">
        <TreePath report={report} stations={stations} now={now} />
        <div>
          <div aria-live={running ? 'off' : 'polite'} className="cm-audit-station">
            <h3 className="cm-heading">
              {now + 1}. {station.title}
            </h3>
            <Outcome step={station.step} />
            <p>{station.about}</p>
            {station.hashes.map((hashes) => (
              <HashPair key={hashes.of} hashes={hashes} fails={station.step.status === 'fails'} />
            ))}
            {station.step.name === 'entry' && <Members report={report} />}
            {station.step.name === 'checkpoint' && report.proof && (
              // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region has to be reached
              <pre className="cm-json cm-scroll" tabIndex={0} role="region" aria-label="The checkpoint, as it was signed">
                {report.proof.checkpoint}
              </pre>
            )}
            {station.step.name === 'key' && report.key && <code className="cm-audit-id">{report.key}</code>}
          </div>
          <h3 className="cm-heading">All steps</h3>
          <ol className="cm-plain-list cm-audit-steps">
            {stations.map(({ title, step }, index) => {
              const { icon: Icon, word } = MARK[step.status];
              return (
                <li key={title}>
                  <Button variant={index === now ? 'secondary' : 'link'} size="sm" aria-current={index === now ? 'step' : undefined} icon={<Icon className={`cm-audit-${step.status}`} />} onClick={() => go(index)}>
                    {index + 1}. {title}: {word}
                  </Button>
                </li>
              );
            })}
          </ol>
        </div>
      </div>
    </section>
  );
}

function Outcome({ step }: { step: Step }) {
  const { icon: Icon, word } = MARK[step.status];
  return (
    <p className={`cm-audit-${step.status}`}>
      <Icon aria-hidden /> <strong>This step {word}.</strong> {step.fault} {step.meaning}
      {step.status === 'skipped' && ' Something that it needs failed before.'}
    </p>
  );
}

function HashPair({ hashes, fails }: { hashes: Hashes; fails: boolean }) {
  return (
    <dl className="cm-audit-hashes">
      <dt>Hash of {hashes.of}</dt>
      {hashes.computed && (
        <dd>
          <span className="cm-subtle">computed here</span> <code className="cm-audit-id">{hashes.computed}</code>
        </dd>
      )}
      {hashes.expected && (
        <dd>
          <span className="cm-subtle">{hashes.computed ? 'expected' : 'given'}</span> <code className={fails && hashes.computed ? 'cm-audit-id cm-audit-fails' : 'cm-audit-id'}>{hashes.expected}</code>
        </dd>
      )}
    </dl>
  );
}

function Members({ report }: { report: Report }) {
  return (
    <Table role="table" aria-label="Shown and hashed" variant="compact" borders={false} gridBreakPoint="grid-lg">
      <Thead>
        <Tr>
          <Th modifier="fitContent">Member</Th>
          <Th>Shown</Th>
          <Th>As it was hashed</Th>
        </Tr>
      </Thead>
      <Tbody>
        {report.members.map(({ name, shown, hashed, same }) => (
          <Tr key={name}>
            <RowHead dataLabel="Member">{name}</RowHead>
            <Td dataLabel="Shown" modifier="breakWord">
              {shown}
            </Td>
            <Td dataLabel="As it was hashed" modifier="breakWord">
              {same ? <span className="cm-subtle">the same</span> : <span className="cm-audit-fails">differs: {hashed}</span>}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
