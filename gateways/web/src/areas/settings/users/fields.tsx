/** The fields of an account. */
import { Checkbox, FormGroup, FormHelperText, HelperText, HelperTextItem, Radio, TextInput } from '@patternfly/react-core';

import { Fault } from '../../../kit/fault';
import { ROLES, type Role } from '../queries';
import { ROLE_WORDS } from '../words';

export function TextField(props: {
  id: string;
  label: string;
  value: string;
  type?: 'text' | 'email' | 'password';
  help: string;
  fault: string | undefined;
  autoComplete?: string;
  change: (text: string) => void;
}) {
  const told = `${props.id}-told`;
  return (
    <FormGroup label={props.label} isRequired fieldId={props.id}>
      <TextInput
        id={props.id}
        type={props.type ?? 'text'}
        isRequired
        maxLength={256}
        autoComplete={props.autoComplete ?? 'off'}
        spellCheck="false"
        aria-describedby={told}
        value={props.value}
        validated={props.fault ? 'error' : 'default'}
        onChange={(_event, text) => props.change(text)}
      />
      <FormHelperText>
        <HelperText id={told} isLiveRegion>
          <HelperTextItem variant={props.fault ? 'error' : 'default'}>{props.fault ?? props.help}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}

/** `own`: nobody takes their own rights. */
export function RolesField({ id, roles, own, fault, change }: { id: string; roles: readonly Role[]; own?: boolean; fault: string | undefined; change: (roles: Role[]) => void }) {
  return (
    <FormGroup role="group" label="Roles" isRequired={!own} fieldId={id} isStack aria-describedby={`${id}-told`}>
      {ROLES.map((role) => (
        <Checkbox
          key={role}
          id={`${id}-${role}`}
          label={ROLE_WORDS[role]}
          isChecked={roles.includes(role)}
          isDisabled={own === true}
          onChange={(_event, checked) => change(ROLES.filter((one) => (one === role ? checked : roles.includes(one))))}
        />
      ))}
      {own && <p className="cm-subtle">These are your own roles: only another administrator changes them.</p>}
      <Fault id={`${id}-told`} text={fault} />
    </FormGroup>
  );
}

export interface Password {
  made: boolean;
  text: string;
}

/** A password that is made up and shown once, or one that is typed. */
export function PasswordField({ id, password, by, fault, change }: { id: string; password: Password; by: string; fault: string | undefined; change: (password: Password) => void }) {
  return (
    <>
      <FormGroup role="radiogroup" label="Password" fieldId={`${id}-made`} isStack>
        <Radio id={`${id}-made`} name={id} label={`A one-time password, made by ${by} and shown to you once`} isChecked={password.made} onChange={() => change({ made: true, text: '' })} />
        <Radio id={`${id}-typed`} name={id} label="One that I type" isChecked={!password.made} onChange={() => change({ made: false, text: '' })} />
      </FormGroup>
      {!password.made && (
        <TextField
          id={`${id}-text`}
          label="Their first password"
          type="password"
          autoComplete="new-password"
          value={password.text}
          help="12 characters or more: length counts, not signs. Hand it over by a way that you trust."
          fault={fault}
          change={(text) => change({ made: false, text })}
        />
      )}
    </>
  );
}
