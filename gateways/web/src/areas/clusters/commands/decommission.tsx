/** Ending the management of a cluster. */
import { List, ListItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { asProblem } from '../../../api/problem';
import { ConfirmCommand, PlannedEvents, useCommand, type Why } from '../../../kit/command';
import { Answered } from '../../../kit/states';
import { Meanwhile } from './meanwhile';
import { type Cluster, decommission, planDecommission, type Summary } from './queries';

const PLAN = 'decommission-plan';
const stale = (cause: unknown) => cause !== null && asProblem(cause).problem.status === 412;

export default function DecommissionDialog({ cluster, close }: { cluster: Cluster; close: () => void }) {
  // What was looked at is what is ended.
  const [base, setBase] = useState(cluster);
  const client = useQueryClient();
  const plan = useQuery({
    queryKey: [PLAN, base.id, base.revision],
    queryFn: ({ signal }) => planDecommission(base.id, base.revision, signal),
    gcTime: 0,
  });
  const command = useCommand<{ revision: number; why: Why }, Summary>({
    send: (input, headers) => decommission(base.id, input.revision, headers),
    why: (input) => input.why,
    done: () => `Decommissioning ${base.name} was requested`,
    onDone: () => {
      client.removeQueries({ queryKey: [PLAN] });
      close();
    },
  });
  const outdated = stale(plan.error) || stale(command.error);
  return (
    <ConfirmCommand
      title={`Decommission ${base.name}`}
      danger
      typed={base.name}
      button="Decommission"
      plan={
        outdated ? (
          <p>As soon as you have taken over what changed.</p>
        ) : (
          <Answered query={plan} what="The preview">
            {(data) => <PlannedEvents plan={data} />}
          </Answered>
        )
      }
      failure={stale(command.error) ? undefined : command.error}
      busy={command.isPending}
      confirm={(why) => {
        if (!outdated) command.mutate({ revision: base.revision, why });
      }}
      repeats={command.repeats}
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
        <ListItem>The hub destroys its credentials for the cluster, and does not look at it any more. This cannot be undone.</ListItem>
        <ListItem>The cluster itself is left alone: its nodes, workloads and data stay as they are.</ListItem>
        <ListItem>Its history stays in the ledger, and can be read and proved as before.</ListItem>
        <ListItem>Its name becomes free. To manage it again, import it again: it gets a new id.</ListItem>
      </List>
    </ConfirmCommand>
  );
}
