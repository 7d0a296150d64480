/** A new account. */
import { useMutation } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { useNavigate } from 'react-router';

import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { FormDialog } from '../../../kit/form-dialog';
import { mayLeave, useUnsaved } from '../../../kit/leave';
import { type Account, createUser, planUser } from '../queries';
import { ROLE_WORDS } from '../words';
import { type Password, PasswordField, RolesField, TextField } from './fields';
import { Once } from './once';
import { type Draft, emailRule, faultsOf, isField, nameRule, passwordRule, rolesRule } from './rules';

type Created = Omit<Account, 'one_time_password'>;

export default function CreateUser({ close }: { close: () => void }) {
  const [draft, setDraft] = useState<Draft>({ email: '', name: '', roles: [] });
  const [password, setPassword] = useState<Password>({ made: true, text: '' });
  const [tried, setTried] = useState(false);
  const [confirming, setConfirming] = useState(false);
  const [created, setCreated] = useState<{ id: string; password: string | undefined }>();
  // Neither the password that is sent nor the one that comes back is part of what the command remembers.
  const version = useRef(0);
  const once = useRef<string>(undefined);
  const navigate = useNavigate();
  const id = useId();
  const name = draft.name.trim();

  const user = () => ({ email: draft.email.trim(), display_name: name, roles: [...draft.roles], ...(password.made ? {} : { password: password.text }) });
  const plan = useMutation({ mutationFn: () => planUser(user()), onSuccess: () => setConfirming(true), gcTime: 0 });
  const sent = useUnsaved(
    created?.password ? ['The one-time password: it is shown nowhere again.'] : draft.email || name || draft.roles.length > 0 || password.text ? ['What you wrote of the new account.'] : [],
  );
  const cancel = () => void mayLeave().then((leaves) => leaves && close());
  const leave = (account: string) => {
    sent();
    close();
    void navigate(`/settings/users/${account}`);
  };
  const command = useCommand<{ draft: Draft; version: number; why: Why }, Created>({
    send: async (_input, headers) => {
      const { body, position } = await createUser(user(), headers);
      const { one_time_password: made, ...account } = body;
      once.current = made;
      return { body: account, position };
    },
    why: (input) => input.why,
    done: () => `An account for ${name} was opened`,
    onDone: (account) => {
      if (!password.made) return leave(account.id);
      setCreated({ id: account.id, password: once.current });
      once.current = undefined;
    },
  });
  const cause = command.error ?? plan.error;
  const told = faultsOf(cause);
  const faults = {
    email: told.email ?? (tried ? emailRule(draft.email) : undefined),
    name: told.name ?? (tried ? nameRule(draft.name) : undefined),
    roles: told.roles ?? (tried ? rolesRule(draft.roles) : undefined),
    password: told.password ?? (tried && !password.made ? passwordRule(password.text) : undefined),
  };
  const edited = () => {
    version.current += 1;
    plan.reset();
    command.reset();
  };
  const change = (next: Partial<Draft>) => {
    setDraft({ ...draft, ...next });
    edited();
  };
  const wrong = emailRule(draft.email) ?? nameRule(draft.name) ?? rolesRule(draft.roles) ?? (password.made ? undefined : passwordRule(password.text));

  if (created) return <Once name={name} password={created.password} close={() => leave(created.id)} />;
  if (confirming && plan.data && !isField(command.error)) {
    return (
      <ConfirmCommand
        title={`Create ${name}`}
        plan={<PlannedEvents plan={plan.data} />}
        button="Create the account"
        failure={command.error}
        busy={command.isPending}
        repeats={command.repeats}
        confirm={(why) => command.mutate({ draft, version: version.current, why })}
        close={() => setConfirming(false)}
      >
        <p>They sign in as {draft.email.trim()}. Name and address are sealed in the ledger: an entry shows the account’s id alone.</p>
        <ul className="cm-settings-list">
          {draft.roles.map((role) => (
            <li key={role}>{ROLE_WORDS[role]}</li>
          ))}
        </ul>
      </ConfirmCommand>
    );
  }
  return (
    <FormDialog
      title="Create a user"
      focus={`${id}-name`}
      button="Preview the account"
      busy={plan.isPending}
      failure={isField(cause) ? undefined : cause}
      submit={() => {
        setTried(true);
        if (!wrong) plan.mutate();
      }}
      close={cancel}
    >
      <TextField id={`${id}-name`} label="Name" value={draft.name} fault={faults.name} help="As the interface shows it." change={(text) => change({ name: text })} />
      <TextField id={`${id}-email`} label="E-mail address" type="email" value={draft.email} fault={faults.email} help="They sign in with it. No other account of the tenant has it." change={(text) => change({ email: text })} />
      <RolesField id={`${id}-roles`} roles={draft.roles} fault={faults.roles} change={(roles) => change({ roles })} />
      <PasswordField
        id={`${id}-password`}
        password={password}
        by="the hub"
        fault={faults.password}
        change={(next) => {
          setPassword(next);
          edited();
        }}
      />
    </FormDialog>
  );
}
