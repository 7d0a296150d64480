/** Who is signed in, and what they may do. */
import { DescriptionList } from '@patternfly/react-core';

import { useMe } from '../../../app/me';
import { Answered } from '../../../kit/states';
import { Term } from '../../../kit/terms';
import { word } from '../../../kit/words';
import { permissionWord, ROLE_WORDS } from '../words';

export function WhoAmI() {
  const me = useMe();
  return (
    <Answered query={me} what="Your account">
      {({ id, display_name: name, email, roles, permissions, tenant, session }) => (
        <DescriptionList isHorizontal isCompact horizontalTermWidthModifier={{ default: '9rem' }}>
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
      )}
    </Answered>
  );
}
