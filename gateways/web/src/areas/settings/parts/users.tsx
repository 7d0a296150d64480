/** The accounts of the tenant. */
import { Label } from '@patternfly/react-core';
import { useId } from 'react';
import { Link, useNavigate } from 'react-router';

import { type Column, ListTable, useListState } from '../../../kit/list';
import { StatusLabel, When } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { shortId } from '../../../kit/people';
import { PeopleBox } from '../../../kit/people-box';
import { word } from '../../../kit/words';
import { ROLES, type User, USER_STATUSES, type UserFilter, useUsers } from '../queries';

export function userPath(id: string, asOf: string | undefined): string {
  return `/settings/users/${encodeURIComponent(id)}${asOf === undefined ? '' : `?${new URLSearchParams({ as_of: asOf }).toString()}`}`;
}

/** What an account is called. Whose data was erased has an id alone. */
export function nameOf({ display_name: name, status, id }: Pick<User, 'display_name' | 'status' | 'id'>): string {
  return name ?? `${status === 'deleted' ? 'Deleted' : 'Erased'} user ${shortId(id).replace('user_', '')}`;
}

function columns(asOf: string | undefined): readonly Column<User>[] {
  return [
    {
      title: 'User',
      wide: true,
      cell: (user) => (
        <>
          <Link to={userPath(user.id, asOf)}>
            <bdi>{nameOf(user)}</bdi>
          </Link>
          <div className="cm-subtle cm-settings-value">{user.email ?? user.id}</div>
        </>
      ),
    },
    {
      title: 'Roles',
      cell: (user) => (
        <div className="cm-settings-roles">
          {user.roles.map((role) => (
            <Label key={role} isCompact variant="outline">
              {word(role)}
            </Label>
          ))}
        </div>
      ),
    },
    { title: 'Status', sort: 'status', cell: (user) => <StatusLabel status={user.status} /> },
    { title: 'Last sign-in', sort: 'last_signed_in_at', cell: (user) => <When time={user.last_signed_in_at} /> },
    { title: 'Opened', sort: 'created_at', cell: (user) => <When time={user.created_at} /> },
  ];
}

export function Users() {
  const { asOf } = useMoment();
  const state = useListState<UserFilter>(['status', 'role'], { sort: 'created_at' });
  const query = useUsers(state, asOf);
  return (
    <>
      <div className="cm-actions cm-space-below">
        <Find asOf={asOf} />
        <Choice label="Status" any="All but deleted" values={USER_STATUSES} value={state.filters.status} choose={(status) => state.set({ status })} />
        <Choice label="Role" any="Any" values={ROLES} value={state.filters.role} choose={(role) => state.set({ role })} />
      </div>
      <ListTable label="Users" noun={['user', 'users']} columns={columns(asOf)} state={state} query={query} rowKey={(user) => user.id} empty={<p>There were no accounts at that moment.</p>} />
    </>
  );
}

/** From a name to the account. Names are sealed in the database: no list is filtered by them there. */
function Find({ asOf }: { asOf: string | undefined }) {
  const navigate = useNavigate();
  const id = useId();
  return (
    <div className="cm-settings-find">
      <label htmlFor={id} className="cm-visually-hidden">
        Find an account
      </label>
      <PeopleBox id={id} hub={false} placeholder="Find by name, e-mail address or id" take={([actor]) => void (actor !== undefined && navigate(userPath(actor, asOf)))} />
    </div>
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
