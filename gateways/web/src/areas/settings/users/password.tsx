/** A new password, for oneself or for somebody who lost theirs. */
import { useMutation } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';

import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { FormDialog } from '../../../kit/form-dialog';
import { mayLeave, useUnsaved } from '../../../kit/leave';
import { type Account, changeUser, planChange } from '../queries';
import { type Password, PasswordField, TextField } from './fields';
import { Once } from './once';
import { faultsOf, isField, madeUp, passwordRule } from './rules';

export default function NewPassword({ user, name, own, close }: { user: string; name: string; own: boolean; close: () => void }) {
  const [password, setPassword] = useState<Password>({ made: !own, text: '' });
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const [confirming, setConfirming] = useState(false);
  const [noted, setNoted] = useState<string>();
  // What is sent is no part of what the command remembers: its number stands for it.
  const secret = useRef({ text: '', number: 0 });
  const id = useId();
  const changes = () => ({ password: secret.current.text });

  const plan = useMutation({ mutationFn: () => planChange(user, changes(), undefined), onSuccess: () => setConfirming(true), gcTime: 0 });
  const command = useCommand<{ number: number; why: Why }, Account>({
    // The password holds whatever else changes meanwhile: no revision is needed for it.
    send: (_input, headers) => changeUser(user, changes(), undefined, headers),
    why: (input) => input.why,
    done: () => (own ? 'Your password was changed' : `${name} has a new password`),
    onDone: () => {
      if (password.made) setNoted(secret.current.text);
      secret.current.text = '';
      if (!password.made) close();
    },
  });
  const cause = command.error ?? plan.error;
  const rule = password.made ? undefined : passwordRule(password.text);
  const differs = own && again !== password.text ? 'It is not the same as above.' : undefined;
  useUnsaved(noted !== undefined ? ['The new password: it is shown nowhere again.'] : password.text || again ? ['The password that you wrote.'] : []);
  const cancel = () => void mayLeave().then((leaves) => leaves && close());
  const edited = () => {
    plan.reset();
    command.reset();
  };

  if (noted !== undefined) return <Once name={name} password={noted} close={close} />;
  if (confirming && plan.data && !isField(command.error)) {
    return (
      <ConfirmCommand
        title={own ? 'Change my password' : `A new password for ${name}`}
        plan={<PlannedEvents plan={plan.data} />}
        button={own ? 'Change my password' : 'Set the new password'}
        failure={command.error}
        busy={command.isPending}
        repeats={command.repeats}
        confirm={(why) => command.mutate({ number: secret.current.number, why })}
        close={() => setConfirming(false)}
      >
        <p>{own ? 'All your sessions end, this one as well: you sign in again with the new password, and go on here.' : 'All their sessions end at once. The password from before holds no more.'}</p>
      </ConfirmCommand>
    );
  }
  return (
    <FormDialog
      title={own ? 'Change my password' : `A new password for ${name}`}
      focus={`${id}-${own ? 'text' : 'choice-made'}`}
      button="Preview the change"
      busy={plan.isPending}
      failure={isField(cause) ? undefined : cause}
      submit={() => {
        setTried(true);
        if (rule || differs) return;
        secret.current = { text: password.made ? madeUp() : password.text, number: secret.current.number + 1 };
        plan.mutate();
      }}
      close={cancel}
    >
      {own ? (
        <>
          <TextField
            id={`${id}-text`}
            label="New password"
            type="password"
            autoComplete="new-password"
            value={password.text}
            help="12 characters or more: length counts, not signs."
            fault={faultsOf(cause).password ?? (tried ? rule : undefined)}
            change={(text) => {
              setPassword({ made: false, text });
              edited();
            }}
          />
          <TextField id={`${id}-again`} label="The new password again" type="password" autoComplete="new-password" value={again} help="So that no typing error locks you out." fault={tried ? differs : undefined} change={setAgain} />
        </>
      ) : (
        <PasswordField
          id={`${id}-choice`}
          password={password}
          by="this browser"
          fault={faultsOf(cause).password ?? (tried ? rule : undefined)}
          change={(next) => {
            setPassword(next);
            edited();
          }}
        />
      )}
    </FormDialog>
  );
}
