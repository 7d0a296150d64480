/** The accounts of the tenant, to be read. */
import { Label } from '@patternfly/react-core';

import type { Schemas } from '../../../api/client';
import { type Column, ListTable, useListState } from '../../../kit/list';
import { StatusLabel, When } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { word } from '../../../kit/words';
import { ROLES, USER_STATUSES, type UserFilter, useUsers } from '../queries';

const COLUMNS: readonly Column<Schemas['User']>[] = [
  {
    title: 'User',
    wide: true,
    cell: (user) => (
      <>
        <div>
          <bdi>{user.display_name ?? 'Erased'}</bdi>
        </div>
        <div className="cm-subtle">{user.email ?? user.id}</div>
      </>
    ),
  },
  {
    title: 'Roles',
    cell: (user) =>
      user.roles.map((role) => (
        <Label key={role} isCompact variant="outline">
          {word(role)}
        </Label>
      )),
  },
  { title: 'Status', sort: 'status', cell: (user) => <StatusLabel status={user.status} /> },
  { title: 'Last sign-in', sort: 'last_signed_in_at', cell: (user) => <When time={user.last_signed_in_at} /> },
  { title: 'Opened', sort: 'created_at', cell: (user) => <When time={user.created_at} /> },
];

export function Users() {
  const { asOf } = useMoment();
  const state = useListState<UserFilter>(['status', 'role'], { sort: 'created_at' });
  const query = useUsers(state, asOf);
  return (
    <>
      <div className="cm-actions cm-space-below">
        <Choice label="Status" any="All but deleted" values={USER_STATUSES} value={state.filters.status} choose={(status) => state.set({ status })} />
        <Choice label="Role" any="Any" values={ROLES} value={state.filters.role} choose={(role) => state.set({ role })} />
      </div>
      <ListTable label="Users" noun={['user', 'users']} columns={COLUMNS} state={state} query={query} rowKey={(user) => user.id} empty={<p>There were no accounts at that moment.</p>} />
    </>
  );
}

function Choice(props: { label: string; any: string; values: readonly string[]; value: string | undefined; choose: (value: string | undefined) => void }) {
  return (
    <label>
      {props.label}{' '}
      <select className="cm-select" value={props.value ?? ''} onChange={(event) => props.choose(event.target.value || undefined)}>
        <option value="">{props.any}</option>
        {props.values.map((value) => (
          <option key={value} value={value}>
            {word(value)}
          </option>
        ))}
      </select>
    </label>
  );
}
