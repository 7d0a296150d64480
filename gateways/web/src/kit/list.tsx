/** A list of the API as a table: paging, sorting and filters on the server, their state in the address. */
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Flex, FlexItem, Skeleton } from '@patternfly/react-core';
import AngleLeftIcon from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import AngleRightIcon from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useLocation } from 'react-router';

import type { Page } from '../api/client';
import { put, useAddress } from './address';
import { Found, foundText, type Noun } from './found';
import { RowHead } from './row-head';
import { Failed } from './states';
import { count } from './words';

const LIMITS = [20, 50, 100, 500];

/** What of a list stands in the address. `names` are the filters. */
export function useListState<Name extends string>(names: readonly Name[], defaults: { sort?: string; limit?: number } = {}) {
  const [params, change] = useAddress();
  const location = useLocation();
  // The cursors of the pages before this one: a cursor only knows the way on.
  const trail: (string | null)[] = (location.state as { trail?: (string | null)[] } | null)?.trail ?? [];
  const cursor = params.get('cursor') ?? undefined;
  const asked = Number(params.get('limit'));
  return {
    sort: params.get('sort') ?? defaults.sort,
    limit: LIMITS.includes(asked) ? asked : (defaults.limit ?? 50),
    cursor,
    first: cursor === undefined,
    filters: Object.fromEntries(names.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : []))) as Partial<Record<Name, string>>,
    filtered: names.some((name) => params.get(name)),
    set: (values: Partial<Record<Name | 'sort' | 'limit', string | undefined>>) =>
      change(
        (next) => {
          next.delete('cursor');
          for (const [name, value] of Object.entries<string | undefined>(values)) put(next, name, value);
        },
        { replace: true },
      ),
    clear: () =>
      change(
        (next) => {
          for (const name of [...names, 'cursor']) next.delete(name);
        },
        { replace: true },
      ),
    next: (to: string) => change((next) => next.set('cursor', to), { state: { trail: [...trail, cursor ?? null] } }),
    previous: () => change((next) => put(next, 'cursor', trail.at(-1) ?? undefined), { state: { trail: trail.slice(0, -1) } }),
  };
}

export type ListState = ReturnType<typeof useListState>;

export interface Column<Row> {
  title: string;
  /** The API's name of the column to sort by. */
  sort?: string;
  cell: (row: Row) => ReactNode;
  /** Takes what room is left, and breaks words where it has to. */
  wide?: boolean;
  /** Names the row to whoever hears the table; without any the first column does. */
  names?: boolean;
}

interface ListProps<Row> {
  label: string;
  /** What its rows are, one and many. */
  noun: Noun;
  columns: readonly Column<Row>[];
  state: Pick<ListState, 'sort' | 'set' | 'first' | 'next' | 'previous' | 'limit' | 'filtered' | 'clear'>;
  query: UseQueryResult<Page<Row>>;
  rowKey: (row: Row) => string;
  /** What stands there when nothing was ever recorded. */
  empty: ReactNode;
}

/** The table with all its states: loading, failing, empty, and pages without end. */
export function ListTable<Row>(props: ListProps<Row>) {
  const { query, noun } = props;
  const told = query.data && !query.isPlaceholderData && !query.isError ? foundText(query.data, noun) : undefined;
  return (
    <>
      <Found text={told} />
      <Rows {...props} />
    </>
  );
}

function Rows<Row>({ label, columns, state, query, rowKey, empty }: ListProps<Row>) {
  if (query.isError && !query.data) return <Failed cause={query.error} retry={() => void query.refetch()} busy={query.isFetching} />;
  if (query.data?.rows.length === 0 && state.first) {
    return state.filtered ? <NothingFound clear={state.clear} /> : <>{empty}</>;
  }
  const sorted = columns.findIndex((column) => column.sort !== undefined && column.sort === state.sort?.replace(/^-/, ''));
  const direction = state.sort?.startsWith('-') ? 'desc' : 'asc';
  const head = Math.max(0, columns.findIndex((column) => column.names));
  return (
    <>
      {query.isError && <Failed cause={query.error} retry={() => void query.refetch()} inline />}
      <SortBy columns={columns} state={state} />
      <Table role="table" aria-label={label} variant="compact" aria-busy={query.isFetching} gridBreakPoint="grid-lg">
        <Thead>
          <Tr>
            {columns.map((column, index) => (
              <Th
                key={column.title}
                modifier={column.wide ? 'truncate' : 'fitContent'}
                {...(column.sort === undefined
                  ? {}
                  : {
                      sort: {
                        sortBy: sorted < 0 ? {} : { index: sorted, direction },
                        columnIndex: index,
                        onSort: (_event: unknown, _index: number, way: string) =>
                          state.set({ sort: `${way === 'desc' ? '-' : ''}${column.sort}` }),
                      },
                    })}
              >
                {column.title}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {query.data
            ? query.data.rows.map((row) => (
                <Tr key={rowKey(row)}>
                  {columns.map((column, index) => {
                    const Cell = index === head ? RowHead : Td;
                    return (
                      <Cell key={column.title} dataLabel={column.title} modifier="breakWord">
                        {column.cell(row)}
                      </Cell>
                    );
                  })}
                </Tr>
              ))
            : Array.from({ length: 8 }, (_, row) => (
                <Tr key={row}>
                  {columns.map((column) => (
                    <Td key={column.title} dataLabel={column.title}>
                      <Skeleton screenreaderText={row === 0 ? `${label} is loading` : undefined} />
                    </Td>
                  ))}
                </Tr>
              ))}
        </Tbody>
      </Table>
      <Pager state={state} page={query.data} />
    </>
  );
}

/** The heads of the columns, where the table is too narrow to have any. */
function SortBy<Row>({ columns, state }: Pick<ListProps<Row>, 'columns' | 'state'>) {
  const sortable = columns.filter((column) => column.sort !== undefined);
  if (sortable.length === 0) return null;
  return (
    <label className="cm-sort">
      Sort by{' '}
      <select className="cm-select" value={state.sort} onChange={(event) => state.set({ sort: event.target.value })}>
        {sortable.flatMap(({ sort, title }) => [
          <option key={sort} value={sort}>{`${title}, ascending`}</option>,
          <option key={`-${sort}`} value={`-${sort}`}>{`${title}, descending`}</option>,
        ])}
      </select>
    </label>
  );
}

export function Pager({ state, page }: { state: Pick<ListState, 'first' | 'next' | 'previous' | 'limit' | 'set'>; page: Page<unknown> | undefined }) {
  const next = page?.next;
  return (
    <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }} alignItems={{ default: 'alignItemsCenter' }} className="cm-pager">
      <FlexItem>
        {page && `${count(page.rows.length)} of ${page.atLeast ? 'at least ' : ''}${count(page.total)}`}
      </FlexItem>
      <Flex spaceItems={{ default: 'spaceItemsSm' }} alignItems={{ default: 'alignItemsCenter' }}>
        <label>
          Rows a page{' '}
          <select className="cm-select" value={state.limit} onChange={(event) => state.set({ limit: event.target.value })}>
            {LIMITS.map((limit) => (
              <option key={limit}>{limit}</option>
            ))}
          </select>
        </label>
        <Button variant="plain" aria-label="Previous page" isDisabled={state.first} icon={<AngleLeftIcon />} onClick={state.previous} />
        <Button variant="plain" aria-label="Next page" isDisabled={!next} icon={<AngleRightIcon />} onClick={() => next && state.next(next)} />
      </Flex>
    </Flex>
  );
}

function NothingFound({ clear }: { clear: () => void }) {
  return (
    <EmptyState titleText="Nothing fits these filters" headingLevel="h2" variant="sm">
      <EmptyStateBody>Take one away, or begin again without any.</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={clear}>
            Clear the filters
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}
