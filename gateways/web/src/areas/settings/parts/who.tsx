/** Who is signed in, and what they may do. */
import { Button, DescriptionList } from '@patternfly/react-core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'react-router';

import { useMe } from '../../../app/me';
import { Answered } from '../../../kit/states';
import { Term } from '../../../kit/terms';
import { word } from '../../../kit/words';
import { permissionWord, ROLE_WORDS } from '../words';

const NewPassword = lazy(() => import('../users/password'));

export function WhoAmI() {
  const me = useMe();
  return (
    <Answered query={me} what="Your account">
      {({ id, display_name: name, email, roles, permissions, tenant, session }) => (
        <>
          <DescriptionList orientation={{ sm: 'horizontal' }} isCompact horizontalTermWidthModifier={{ default: '9rem' }}>
            <Term name="Name">{name ?? 'Erased'}</Term>
            <Term name="E-mail address">{email ?? 'Erased'}</Term>
            <Term name="Roles">
              <ul className="cm-plain-list">
                {roles.map((role) => (
                  <li key={role}>{ROLE_WORDS[role] ?? word(role)}</li>
                ))}
              </ul>
            </Term>
            <Term name="What you may do">
              <ul className="cm-settings-list">
                {permissions.map((permission) => (
                  <li key={permission}>{permissionWord(permission)}</li>
                ))}
              </ul>
            </Term>
            <Term name="User id">
              <code>{id}</code>
              <p className="cm-subtle">By it the audit log names you.</p>
            </Term>
            <Term name="Tenant">
              <code>{tenant}</code>
            </Term>
            <Term name="Session">
              <code>{session}</code>
            </Term>
          </DescriptionList>
          <p className="cm-actions cm-space-above">
            {permissions.includes('self:manage') && <Password user={id} name={name ?? email ?? id} />}
            {permissions.includes('users:read') && <Link to={`/settings/users/${id}`}>{permissions.includes('users:manage') ? 'Change your name or address' : 'Your account'}</Link>}
          </p>
        </>
      )}
    </Answered>
  );
}

function Password({ user, name }: { user: string; name: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="secondary" onClick={() => setOpen(true)}>
        Change my password
      </Button>
      {open && (
        <Suspense>
          <NewPassword own user={user} name={name} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
