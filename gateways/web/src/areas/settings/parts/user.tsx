/** One account: who it is, what it may do, what it did last, and what can be done about it. */
import { Button, Card, CardBody, CardTitle, DescriptionList, Spinner } from '@patternfly/react-core';
import { lazy, Suspense, useState } from 'react';
import { Link, useParams } from 'react-router';

import { useMay, useMe } from '../../../app/me';
import { Frame, OutcomeLabel, StatusLabel, When } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { Who } from '../../../kit/people';
import { Answered } from '../../../kit/states';
import { Term } from '../../../kit/terms';
import { count, eventWord, word } from '../../../kit/words';
import { RECENT, type User, useDoings, useUser } from '../queries';
import type { Decision } from '../users/decide';
import { ROLE_WORDS } from '../words';
import { Copied } from './copy';
import { nameOf } from './users';

const ChangeUser = lazy(() => import('../users/change'));
const Decide = lazy(() => import('../users/decide'));
const NewPassword = lazy(() => import('../users/password'));

export function UserPage() {
  const { id = '' } = useParams();
  const { asOf } = useMoment();
  const query = useUser(id, asOf);
  const back = <Link to={{ pathname: '/settings/users', search: asOf === undefined ? '' : `?${new URLSearchParams({ as_of: asOf }).toString()}` }}>All users</Link>;
  if (!query.data) {
    return (
      <Frame title="Account" about={back}>
        <Answered query={query} what="The account">
          {() => null}
        </Answered>
      </Frame>
    );
  }
  return (
    <Frame title={nameOf(query.data)} about={back} actions={asOf === undefined && <Actions key={id} user={query.data} />}>
      <Answered query={query} what="The account">
        {(user) => (
          <div className="cm-settings-page">
            <Facts user={user} />
            <Doings user={user} asOf={asOf} />
          </div>
        )}
      </Answered>
    </Frame>
  );
}

function Actions({ user }: { user: User }) {
  const may = useMay('users:manage');
  const own = useMe().data?.id === user.id;
  const [open, setOpen] = useState<'change' | 'password' | Decision>();
  const close = () => setOpen(undefined);
  if (open === undefined && (!may || user.status === 'deleted')) return null;
  return (
    <>
      <Button onClick={() => setOpen('change')}>Change</Button>
      <Button variant="secondary" onClick={() => setOpen('password')}>
        {own ? 'Change my password' : 'New password'}
      </Button>
      {!own && (
        <>
          <Button variant="secondary" onClick={() => setOpen(user.status === 'disabled' ? 'enable' : 'disable')}>
            {user.status === 'disabled' ? 'Enable' : 'Disable'}
          </Button>
          <Button variant="secondary" isDanger onClick={() => setOpen('delete')}>
            Delete
          </Button>
        </>
      )}
      <Suspense fallback={<Spinner size="md" aria-label="The dialog is loading" />}>
        {open === 'change' ? (
          <ChangeUser user={user} own={own} close={close} />
        ) : open === 'password' ? (
          <NewPassword user={user.id} name={nameOf(user)} own={own} close={close} />
        ) : (
          open !== undefined && <Decide user={user} decision={open} close={close} />
        )}
      </Suspense>
    </>
  );
}

function Facts({ user }: { user: User }) {
  const own = useMe().data?.id === user.id;
  const gone = user.status === 'deleted' ? 'Deleted: it is shown nowhere any more' : 'Erased';
  return (
    <Card isCompact component="section">
      <CardTitle component="h2">The account</CardTitle>
      <CardBody>
        <DescriptionList orientation={{ sm: 'horizontal' }} isCompact horizontalTermWidthModifier={{ default: '9rem' }}>
          <Term name="Name">{user.display_name ?? gone}</Term>
          <Term name="E-mail address">
            <span>{user.email ?? gone}</span>
          </Term>
          <Term name="Status">
            <StatusLabel status={user.status} />
          </Term>
          <Term name="Roles">
            <ul className="cm-plain-list">
              {user.roles.map((role) => (
                <li key={role}>{ROLE_WORDS[role] ?? word(role)}</li>
              ))}
            </ul>
          </Term>
          <Term name="Last sign-in">
            <When time={user.last_signed_in_at} />
          </Term>
          <Term name="Opened">
            <When time={user.created_at} /> by <Who actor={user.created_by} />
          </Term>
          <Term name="Last changed">
            <When time={user.updated_at} /> by <Who actor={user.updated_by} />
          </Term>
          <Term name="Revision">
            {count(user.revision)}, at ledger position {count(user.position)}
          </Term>
          <Term name="User id">
            <Copied value={user.id} label="the user id" />
          </Term>
        </DescriptionList>
        {own && <p className="cm-subtle">This is you. Nobody can take their own rights, disable or delete themselves: another administrator can.</p>}
      </CardBody>
    </Card>
  );
}

function Doings({ user, asOf }: { user: User; asOf: string | undefined }) {
  const may = useMay('audit:read');
  const query = useDoings(user.id, asOf, may);
  if (!may) return null;
  const then: Record<string, string> = asOf === undefined ? {} : { as_of: asOf };
  const log = (filter: Record<string, string>) => `/audit?${new URLSearchParams({ ...filter, ...then }).toString()}`;
  return (
    <Card isCompact component="section">
      <CardTitle component="h2">What they did last</CardTitle>
      <CardBody>
        <Answered query={query} what="What they did last">
          {({ rows }) =>
            rows.length === 0 ? (
              <p className="cm-subtle">Nothing was recorded of them yet.</p>
            ) : (
              <ol className="cm-plain-list cm-settings-doings" aria-label={`The newest ${RECENT} entries`}>
                {rows.map((entry) => (
                  <li key={entry.id}>
                    <Link to={`/audit/${entry.id}`}>{eventWord(entry.event_type)}</Link> {entry.outcome !== 'succeeded' && <OutcomeLabel outcome={entry.outcome} />}
                    <div className="cm-subtle">
                      {entry.summary}, <When time={entry.recorded_at} />
                    </div>
                  </li>
                ))}
              </ol>
            )
          }
        </Answered>
        <p className="cm-actions cm-space-above">
          <Link to={log({ actor: user.id })}>Everything by them</Link>
          <Link to={log({ target: user.id })}>Everything about their account</Link>
        </p>
      </CardBody>
    </Card>
  );
}
