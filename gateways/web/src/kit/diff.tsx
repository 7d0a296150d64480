/** What changed: every member with what it was and what it is. */
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import diff from 'microdiff';

import { RowHead } from './row-head';

export interface Change {
  /** `labels.env`. */
  member: string;
  kind: 'added' | 'removed' | 'changed';
  before: unknown;
  after: unknown;
}

/** The members that differ. Scalars at the top count as a member without a name. */
export function changes(before: unknown, after: unknown): Change[] {
  const [from, to] = [wrap(before), wrap(after)];
  return diff(from, to).map((one) => ({
    member: one.path.join('.'),
    kind: one.type === 'CREATE' ? 'added' : one.type === 'REMOVE' ? 'removed' : 'changed',
    before: 'oldValue' in one ? one.oldValue : undefined,
    after: 'value' in one ? one.value : undefined,
  }));
}

function wrap(value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : { '': value };
}

const show = (value: unknown) => (value === undefined || value === null ? '—' : typeof value === 'string' ? value : JSON.stringify(value));

export function DiffTable({ before, after, label }: { before: unknown; after: unknown; label: string }) {
  const rows = changes(before, after);
  if (rows.length === 0) return <p className="cm-subtle">No member changed.</p>;
  return (
    <Table role="table" aria-label={label} variant="compact" borders={false} gridBreakPoint="grid-md">
      <Thead>
        <Tr>
          <Th modifier="fitContent">Member</Th>
          <Th width={40}>Before</Th>
          <Th width={40}>After</Th>
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row) => (
          <Tr key={`${row.member} ${row.kind}`}>
            <RowHead dataLabel="Member">
              <code>{row.member || '(value)'}</code>
            </RowHead>
            <Td dataLabel="Before" modifier="breakWord">
              {row.kind === 'added' ? <span className="cm-subtle">was not there</span> : <del className="cm-removed">{show(row.before)}</del>}
            </Td>
            <Td dataLabel="After" modifier="breakWord">
              {row.kind === 'removed' ? <span className="cm-subtle">is gone</span> : <ins className="cm-added">{show(row.after)}</ins>}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
