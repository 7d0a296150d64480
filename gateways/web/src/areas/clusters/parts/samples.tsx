/** Nodes and stateful workloads, as last seen. The hub keeps the last look only: they have no past. */
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Label, Pagination, SearchInput } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import type { Schemas } from '../../../api/client';
import type { Moment } from '../../../kit/past';
import { Answered } from '../../../kit/states';
import { RowHead } from '../../../kit/row-head';
import { count } from '../../../kit/words';
import { useNodes, useWorkloads } from '../queries';

export function NoPast({ what, moment }: { what: string; moment: Moment }) {
  return (
    <EmptyState titleText={`${what} have no past`} headingLevel="h2" variant="sm">
      <EmptyStateBody>The ledger holds what changed of a cluster. Of its {what.toLowerCase()} the hub keeps the last look only, and that is now.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="primary" onClick={() => moment.set(undefined)}>
            Show them as they are now
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

interface Shown<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** Breaks words where it has to. */
  long?: boolean;
}

const PAGE = 100;

/** All rows come in one answer: what is shown of them is chosen here. */
function Sampled<Row>(props: { what: string; /** One of them. */ one: string; query: UseQueryResult<Row[]>; columns: Shown<Row>[]; text: (row: Row) => string }) {
  const { what, one, query, columns, text } = props;
  const [sought, setSought] = useState('');
  const [number, setNumber] = useState(1);
  return (
    <Answered query={query} what={what}>
      {(rows) => {
        if (rows.length === 0) {
          return (
            <EmptyState titleText={`No ${what.toLowerCase()}`} headingLevel="h2" variant="sm">
              <EmptyStateBody>The cluster has none, or has not answered yet. The overview tells when it was last looked at.</EmptyStateBody>
            </EmptyState>
          );
        }
        const found = rows.filter((row) => text(row).toLowerCase().includes(sought.trim().toLowerCase()));
        const here = Math.min(number, Math.max(1, Math.ceil(found.length / PAGE)));
        return (
          <>
            <div className="cm-clusters-sought">
              <SearchInput
                aria-label={`Search the ${what.toLowerCase()}`}
                placeholder="Search"
                value={sought}
                onChange={(_event, value) => setSought(value)}
                onClear={() => setSought('')}
                resultsCount={sought ? count(found.length) : undefined}
              />
              <span aria-live="polite">{`${found.length === rows.length ? '' : `${count(found.length)} of `}${count(rows.length)} ${rows.length === 1 ? one : what.toLowerCase()}`}</span>
            </div>
            <Table role="table" aria-label={what} variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  {columns.map((column) => (
                    <Th key={column.title} modifier="wrap">
                      {column.title}
                    </Th>
                  ))}
                </Tr>
              </Thead>
              <Tbody>
                {found.slice((here - 1) * PAGE, here * PAGE).map((row) => (
                  <Tr key={text(row)}>
                    {columns.map((column, index) => {
                      const Cell = index === 0 ? RowHead : Td;
                      return (
                        <Cell key={column.title} dataLabel={column.title} {...(column.long ? { modifier: 'breakWord' as const } : {})}>
                          {column.cell(row)}
                        </Cell>
                      );
                    })}
                  </Tr>
                ))}
              </Tbody>
            </Table>
            {found.length === 0 && <p className="cm-subtle cm-space-above">Nothing fits “{sought}”.</p>}
            {found.length > PAGE && (
              <Pagination itemCount={found.length} perPage={PAGE} page={here} onSetPage={(_event, page) => setNumber(page)} perPageOptions={[]} isCompact variant="bottom" titles={{ paginationAriaLabel: `Pages of ${what.toLowerCase()}` }} />
            )}
          </>
        );
      }}
    </Answered>
  );
}

function Yes({ good, children }: { good: boolean; children: ReactNode }) {
  return (
    <Label isCompact variant="outline" status={good ? 'success' : 'warning'} icon={good ? <CheckCircleIcon /> : <ExclamationTriangleIcon />}>
      {children}
    </Label>
  );
}

const NODES: Shown<Schemas['Node']>[] = [
  { title: 'Name', long: true, cell: (node) => node.name },
  { title: 'Ready', cell: (node) => <Yes good={node.ready}>{node.ready ? 'Ready' : 'Not ready'}</Yes> },
  { title: 'New pods', cell: (node) => (node.schedulable ? 'Takes them' : 'Takes none (cordoned)') },
  { title: 'Roles', cell: (node) => node.roles.join(', ') || '—' },
  { title: 'Kubelet', cell: (node) => node.kubelet_version },
  { title: 'CPU', cell: (node) => node.cpu },
  { title: 'Memory', cell: (node) => node.memory },
];

export function Nodes({ id }: { id: string }) {
  return <Sampled what="Nodes" one="node" query={useNodes(id)} columns={NODES} text={(node) => [node.name, node.kubelet_version, ...node.roles].join(' ')} />;
}

const WORKLOADS: Shown<Schemas['Workload']>[] = [
  { title: 'Name', long: true, cell: (one) => one.name },
  { title: 'Namespace', long: true, cell: (one) => one.namespace },
  { title: 'Kind', cell: (one) => one.kind },
  { title: 'Replicas', cell: (one) => <Yes good={one.ready_replicas >= one.replicas}>{`${count(one.ready_replicas)} of ${count(one.replicas)} ready`}</Yes> },
  { title: 'Updated replicas', cell: (one) => count(one.updated_replicas) },
  { title: 'Images', long: true, cell: (one) => <Lines lines={one.images} /> },
  { title: 'Volumes', long: true, cell: (one) => <Volumes volumes={one.volumes ?? []} /> },
];

function Lines({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return <>—</>;
  return (
    <ul className="cm-plain-list">
      {lines.map((line) => (
        <li key={line} className="cm-breaks">
          {line}
        </li>
      ))}
    </ul>
  );
}

function Volumes({ volumes }: { volumes: readonly Schemas['Volume'][] }) {
  if (volumes.length === 0) return <>—</>;
  return (
    <ul className="cm-plain-list cm-clusters-volumes">
      {volumes.map((volume) => (
        <li key={volume.name}>
          <span className="cm-breaks">{volume.name}</span> {volume.phase === 'Bound' ? volume.phase : <Yes good={false}>{volume.phase}</Yes>}
          <span className="cm-subtle">{[volume.capacity, volume.storage_class].filter(Boolean).map((text) => ` · ${text}`)}</span>
        </li>
      ))}
    </ul>
  );
}

export function Workloads({ id }: { id: string }) {
  return <Sampled what="Stateful workloads" one="stateful workload" query={useWorkloads(id)} columns={WORKLOADS} text={(one) => [one.namespace, one.name, one.kind, ...one.images].join(' ')} />;
}
