/** The fleet at two moments: the numbers, and the clusters of which something became. */
import { Card, CardBody, CardTitle, EmptyState, EmptyStateBody, Label, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from 'react-router';

import type { Schemas } from '../../../api/client';
import { useMay } from '../../../app/me';
import { DiffTable } from '../../../kit/diff';
import { Found, foundText } from '../../../kit/found';
import { Pager, useListState } from '../../../kit/list';
import { Frame, Hidden, When } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { RowHead } from '../../../kit/row-head';
import { Failed, fieldError, Loading } from '../../../kit/states';
import { count, PROVIDERS, word } from '../../../kit/words';
import { join, split, toggled } from '../filters';
import { type Kind, useFleetDiff } from '../queries';
import { clusterPath } from './list';
import { type Ends, SpanForm, useSpan } from './span';

const KINDS: Record<Kind, string> = {
  came: 'Came',
  went: 'Went',
  changed: 'Changed',
  returned: 'Changed and changed back',
  passed: 'Came and went in between',
};

export function CompareFleet() {
  const span = useSpan();
  return (
    <Frame title="Compare two moments of the fleet" about="What differs, and the events that made it so.">
      <Compared span={span} />
    </Frame>
  );
}

export function Choose() {
  return (
    <EmptyState titleText="Choose two moments" headingLevel="h2" variant="sm">
      <EmptyStateBody>A date and time, or a position of the ledger. The address of this page then says both, so it can be shared.</EmptyStateBody>
    </EmptyState>
  );
}

function Compared({ span }: { span: Ends & { set: (span: Ends) => void } }) {
  const { from } = span;
  const state = useListState(['change']);
  const query = useFleetDiff(span, { limit: state.limit, cursor: state.cursor, sort: state.sort, change: state.filters.change });
  const faults = { from: fieldError(query.error, 'from'), to: fieldError(query.error, 'to') };
  const told = faults.from || faults.to;
  return (
    <>
      <SpanForm span={span} faults={faults} />
      {query.isError && !told && <Failed cause={query.error} retry={() => void query.refetch()} inline={query.data !== undefined} />}
      {from === undefined && <Choose />}
      {from !== undefined && query.isPending && <Loading what="The comparison" />}
      {from !== undefined && query.data && !told && (
        <>
          <Found text={query.isPlaceholderData ? undefined : foundText(query.data, ['cluster that differs', 'clusters that differ'])} />
          <Numbers before={query.data.diff.before} after={query.data.diff.after} />
          <Kinds counts={query.data.diff.changes} chosen={split(state.filters.change)} choose={(kinds) => state.set({ change: join(kinds) })} />
          {query.data.rows.length === 0 ? (
            <EmptyState titleText={state.filtered ? 'Nothing fits this filter' : 'Nothing changed'} headingLevel="h2" variant="sm">
              <EmptyStateBody>{state.filtered ? 'Take a filter away to see the rest.' : 'No cluster came, went or changed between these moments.'}</EmptyStateBody>
            </EmptyState>
          ) : (
            <>
              <ul className="cm-plain-list cm-clusters-stack" aria-label="Clusters that differ">
                {query.data.rows.map((cluster) => (
                  <li key={cluster.id}>
                    <One cluster={cluster} from={from} to={span.to} />
                  </li>
                ))}
              </ul>
              <Pager state={state} page={query.data} />
            </>
          )}
        </>
      )}
    </>
  );
}

type Row = [name: string, before: number, after: number];

/** Every total, and of the groups those that differ. */
export function numbersOf(before: Schemas['FleetState'], after: Schemas['FleetState']): Row[] {
  const groups: ['by_health' | 'by_status' | 'by_provider' | 'by_region' | 'by_version', string, (key: string) => string][] = [
    ['by_health', 'Health', word],
    ['by_status', 'Status', word],
    ['by_provider', 'Provider', (key) => PROVIDERS[key] ?? key],
    ['by_region', 'Region', String],
    ['by_version', 'Version', String],
  ];
  const grouped = groups.flatMap(([group, title, say]) => {
    const [old, young] = [before.clusters[group], after.clusters[group]];
    return [...new Set([...Object.keys(old), ...Object.keys(young)])]
      .sort()
      .map((key): Row => [`${title}: ${say(key)}`, old[key] ?? 0, young[key] ?? 0])
      .filter(([, one, other]) => one !== other);
  });
  return [['Clusters', before.clusters.total, after.clusters.total], ['Nodes', before.nodes.total, after.nodes.total], ['Nodes ready', before.nodes.ready, after.nodes.ready], ...grouped];
}

function Numbers({ before, after }: { before: Schemas['FleetState']; after: Schemas['FleetState'] }) {
  return (
    <section aria-label="Numbers" className="cm-clusters-numbers">
      <h2 className="cm-heading">Numbers</h2>
      <Table role="table" aria-label="Numbers before and after" variant="compact" gridBreakPoint="">
        <Thead>
          <Tr>
            <Th>What</Th>
            <Th modifier="fitContent">Before</Th>
            <Th modifier="fitContent">After</Th>
            <Th modifier="fitContent">Change</Th>
          </Tr>
        </Thead>
        <Tbody>
          {numbersOf(before, after).map(([name, one, other]) => (
            <Tr key={name}>
              <RowHead dataLabel="What">{name}</RowHead>
              <Td dataLabel="Before">{count(one)}</Td>
              <Td dataLabel="After">{count(other)}</Td>
              <Td dataLabel="Change">{one === other ? 'none' : `${other > one ? '+' : '−'}${count(Math.abs(other - one))}`}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </section>
  );
}

function Kinds({ counts, chosen, choose }: { counts: Schemas['DiffCounts']; chosen: readonly string[]; choose: (kinds: string[]) => void }) {
  return (
    <>
      <h2 className="cm-heading">Clusters</h2>
      <ToggleGroup aria-label="Show only clusters that" className="cm-clusters-kinds">
        {(Object.keys(KINDS) as Kind[]).map((kind) => (
          <ToggleGroupItem key={kind} text={`${KINDS[kind]}: ${count(counts[kind])}`} isSelected={chosen.includes(kind)} onChange={() => choose(toggled(chosen, kind))} />
        ))}
      </ToggleGroup>
    </>
  );
}

function One({ cluster, from, to }: { cluster: Schemas['ClusterDiff']; from: string; to: string | undefined }) {
  const reads = useMay('audit:read');
  const side = (which: 'from' | 'to') => Object.fromEntries(Object.entries(cluster.members).flatMap(([name, change]) => (change[which] === null || change[which] === undefined ? [] : [[name, change[which]]])));
  const search = new URLSearchParams({ from, ...(to === undefined ? {} : { to }) }).toString();
  return (
    <Card isCompact component="article" aria-label={cluster.name}>
      <CardTitle component="h3">
        <Link to={clusterPath(cluster.id, to)}>{cluster.name}</Link>{' '}
        <Label isCompact variant="outline">
          {KINDS[cluster.change]}
        </Label>
      </CardTitle>
      <CardBody>
        {Object.keys(cluster.members).length > 0 && <DiffTable before={side('from')} after={side('to')} label={`What differs in ${cluster.name}`} />}
        <h4 className="cm-heading">Events that made it so</h4>
        <ol className="cm-plain-list" reversed>
          {cluster.events.map((event) => (
            <li key={event.id}>
              <span className="cm-subtle">
                <When time={event.recorded_at} /> by <Who actor={event.actor} />:
              </span>{' '}
              {reads ? (
                <Link to={`/audit/${event.id}`}>
                  {event.summary}
                  <Hidden>
                    {' '}
                    ({cluster.name}, position {count(event.position)})
                  </Hidden>
                </Link>
              ) : (
                event.summary
              )}
            </li>
          ))}
        </ol>
        <p>
          <Link to={`/clusters/${cluster.id}/compare?${search}`}>{cluster.events_total > cluster.events.length ? `All ${count(cluster.events_total)} events of ${cluster.name}` : `Compare ${cluster.name} alone`}</Link>
        </p>
      </CardBody>
    </Card>
  );
}
