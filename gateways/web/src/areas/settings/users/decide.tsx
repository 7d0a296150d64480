/** Disabling, enabling and deleting an account: previewed, and asked once more. */
import { List, ListItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { Answered } from '../../../kit/states';
import { type Account, changeUser, deleteUser, planChange, planDeletion, type User } from '../queries';
import { Meanwhile } from './meanwhile';
import { isStale } from './rules';

export type Decision = 'disable' | 'enable' | 'delete';

const WORDS: Record<Decision, { title: (name: string) => string; button: string; done: (name: string) => string; means: readonly string[] }> = {
  disable: {
    title: (name) => `Disable ${name}`,
    button: 'Disable the account',
    done: (name) => `The account of ${name} was disabled`,
    means: ['Their sessions end at once, and they cannot sign in.', 'Name, roles and password stay: once it is enabled again, they sign in as before.'],
  },
  enable: {
    title: (name) => `Enable ${name}`,
    button: 'Enable the account',
    done: (name) => `The account of ${name} was enabled`,
    means: ['They sign in again with the password from before, and have the roles from before.'],
  },
  delete: {
    title: (name) => `Delete ${name}`,
    button: 'Delete the account',
    done: () => 'The account was deleted',
    means: [
      'Their sessions end at once, and they cannot sign in. This cannot be undone.',
      'Their name and e-mail address are shown nowhere any more, not for moments of the past either: “deleted user” and the id stand there instead.',
      'What they did stays in the audit log under that id, and can be proved as before. The id is never used again.',
      'Their e-mail address becomes free: a new account with it is another one, with a new id.',
    ],
  },
};

export default function Decide({ user, decision, close }: { user: User; decision: Decision; close: () => void }) {
  // What was looked at is what is decided about.
  const [base, setBase] = useState(user);
  const client = useQueryClient();
  const words = WORDS[decision];
  const name = base.display_name ?? base.id;
  const changes = { enabled: decision === 'enable' };
  const plan = useQuery({
    queryKey: ['users', 'plan', base.id, base.revision, decision],
    queryFn: ({ signal }) => (decision === 'delete' ? planDeletion(base.id, base.revision, signal) : planChange(base.id, changes, base.revision, signal)),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const command = useCommand<{ revision: number; why: Why }, Account>({
    send: (input, headers) => (decision === 'delete' ? deleteUser(base.id, input.revision, headers) : changeUser(base.id, changes, input.revision, headers)),
    why: (input) => input.why,
    done: () => words.done(name),
    onDone: () => {
      client.removeQueries({ queryKey: ['users', 'plan'] });
      if (decision === 'delete') void client.invalidateQueries({ queryKey: ['people', base.id] });
      close();
    },
  });
  const outdated = isStale(plan.error) || isStale(command.error);
  return (
    <ConfirmCommand
      title={words.title(name)}
      danger={decision !== 'enable'}
      {...(decision === 'delete' ? { typed: name } : {})}
      button={words.button}
      plan={
        outdated ? (
          <p>As soon as you have taken over what changed.</p>
        ) : (
          <Answered query={plan} what="The preview">
            {(data) => <PlannedEvents plan={data} />}
          </Answered>
        )
      }
      ready={plan.isSuccess && !outdated}
      failure={isStale(command.error) ? undefined : command.error}
      busy={command.isPending}
      repeats={command.repeats}
      confirm={(why) => command.mutate({ revision: base.revision, why })}
      close={close}
    >
      {outdated && (
        <Meanwhile
          base={base}
          takeOver={(now) => {
            setBase(now);
            command.reset();
          }}
        />
      )}
      <List>
        {words.means.map((text) => (
          <ListItem key={text}>{text}</ListItem>
        ))}
      </List>
    </ConfirmCommand>
  );
}
