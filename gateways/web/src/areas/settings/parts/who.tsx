/** Who is signed in, and what they may do. */
import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from '@patternfly/react-core';
import type { ReactNode } from 'react';

import { useMe } from '../../../app/me';
import { Answered } from '../../../kit/states';
import { word } from '../../../kit/words';
import { permissionWord, ROLE_WORDS } from '../words';

export function WhoAmI() {
  const me = useMe();
  return (
    <Answered query={me} what="Your account">
      {({ id, display_name: name, email, roles, permissions, tenant, session }) => (
        <DescriptionList isHorizontal isCompact horizontalTermWidthModifier={{ default: '9rem' }}>
          <Fact term="Name">{name ?? 'Erased'}</Fact>
          <Fact term="E-mail address">{email ?? 'Erased'}</Fact>
          <Fact term="Roles">
            <ul className="cm-plain-list">
              {roles.map((role) => (
                <li key={role}>{ROLE_WORDS[role] ?? word(role)}</li>
              ))}
            </ul>
          </Fact>
          <Fact term="What you may do">
            <ul className="cm-settings-list">
              {permissions.map((permission) => (
                <li key={permission}>{permissionWord(permission)}</li>
              ))}
            </ul>
          </Fact>
          <Fact term="User id">
            <code className="cm-settings-value">{id}</code>
            <p className="cm-subtle">By it the audit log names you.</p>
          </Fact>
          <Fact term="Tenant">
            <code className="cm-settings-value">{tenant}</code>
          </Fact>
          <Fact term="Session">
            <code className="cm-settings-value">{session}</code>
          </Fact>
        </DescriptionList>
      )}
    </Answered>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{term}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}
