/** Changing who an account is and what it may do. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';

import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { FormDialog } from '../../../kit/form-dialog';
import { mayLeave, useUnsaved } from '../../../kit/leave';
import { shortId } from '../../../kit/people';
import { type Account, changeUser, planChange, type Role, ROLES, type User, type UserChanges } from '../queries';
import { RolesField, TextField } from './fields';
import { Meanwhile } from './meanwhile';
import { emailRule, faultsOf, isField, isStale, nameRule, rolesRule, sameRoles } from './rules';

export default function ChangeUser({ user, own, close }: { user: User; own: boolean; close: () => void }) {
  // As it was when the dialog was opened: what somebody else does meanwhile is told, not slipped in.
  const [base, setBase] = useState(user);
  const [name, setName] = useState(user.display_name ?? '');
  const [email, setEmail] = useState(user.email ?? '');
  const [roles, setRoles] = useState<readonly Role[]>(user.roles);
  const [confirming, setConfirming] = useState(false);
  const client = useQueryClient();
  const id = useId();

  const changes: UserChanges = {
    ...(name.trim() === (base.display_name ?? '') ? {} : { display_name: name.trim() }),
    ...(email.trim() === (base.email ?? '') ? {} : { email: email.trim() }),
    ...(sameRoles(roles, base.roles) ? {} : { roles: [...roles] }),
  };
  const nothing = Object.keys(changes).length === 0;
  const wrong = [emailRule(email), nameRule(name), rolesRule(roles)].some(Boolean);
  const fewer = base.roles.some((role) => !roles.includes(role));

  const plan = useMutation({ mutationFn: () => planChange(base.id, changes, base.revision), onSuccess: () => setConfirming(true), gcTime: 0 });
  const command = useCommand<{ changes: UserChanges; revision: number; why: Why }, Account>({
    send: (input, headers) => changeUser(base.id, input.changes, input.revision, headers),
    why: (input) => input.why,
    done: () => `The account of ${name.trim()} was changed`,
    onDone: () => {
      void client.invalidateQueries({ queryKey: ['people', base.id] });
      close();
    },
  });
  const cause = command.error ?? plan.error;
  const told = faultsOf(cause);
  const edited = () => {
    plan.reset();
    command.reset();
  };
  useUnsaved(nothing ? [] : [`What you changed of the account of ${user.display_name ?? user.id}.`]);
  const cancel = () => void mayLeave().then((leaves) => leaves && close());
  const takeOver = (now: User) => {
    // What was not touched here becomes what it is now.
    if (!('display_name' in changes)) setName(now.display_name ?? '');
    if (!('email' in changes)) setEmail(now.email ?? '');
    if (!('roles' in changes)) setRoles(now.roles);
    setBase(now);
    edited();
  };

  if (confirming && plan.data && !isStale(command.error) && !isField(command.error)) {
    return (
      <ConfirmCommand
        title={`Change ${base.display_name ?? shortId(base.id)}`}
        plan={<PlannedEvents plan={plan.data} />}
        button="Change the account"
        failure={command.error}
        busy={command.isPending}
        repeats={command.repeats}
        confirm={(why) => command.mutate({ changes, revision: base.revision, why })}
        close={() => setConfirming(false)}
      >
        {'email' in changes && <p>From then on they sign in as {changes.email}.</p>}
        {'roles' in changes && <p>{fewer ? 'A role is taken away: their sessions end at once, and they sign in again.' : 'The new roles hold when they next sign in, or their session is renewed.'}</p>}
        {('email' in changes || 'display_name' in changes) && <p>Name and address are sealed in the ledger: the entry shows neither.</p>}
      </ConfirmCommand>
    );
  }
  return (
    <FormDialog
      title={`Change ${base.display_name ?? shortId(base.id)}`}
      focus={`${id}-name`}
      above={isStale(cause) && <Meanwhile base={base} takeOver={takeOver} />}
      button="Preview the change"
      ready={!wrong && !nothing && !isStale(cause)}
      busy={plan.isPending}
      failure={isStale(cause) || isField(cause) ? undefined : cause}
      submit={() => plan.mutate()}
      close={cancel}
    >
      <TextField
        id={`${id}-name`}
        label="Name"
        value={name}
        fault={told.name ?? nameRule(name)}
        help="As the interface shows it."
        change={(text) => {
          setName(text);
          edited();
        }}
      />
      <TextField
        id={`${id}-email`}
        label="E-mail address"
        type="email"
        value={email}
        fault={told.email ?? emailRule(email)}
        help="They sign in with it."
        change={(text) => {
          setEmail(text);
          edited();
        }}
      />
      <RolesField
        id={`${id}-roles`}
        roles={ROLES.filter((role) => roles.includes(role))}
        own={own}
        fault={told.roles ?? rolesRule(roles)}
        change={(next) => {
          setRoles(next);
          edited();
        }}
      />
    </FormDialog>
  );
}
