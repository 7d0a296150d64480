/** Somebody else was quicker (412): what changed, and the offer to take it over. */
import { useQuery } from '@tanstack/react-query';

import { DiffTable } from '../../../kit/diff';
import { ChangedMeanwhile } from '../../../kit/meanwhile';
import { Answered } from '../../../kit/states';
import { type Cluster, readCluster } from './queries';

/** What people decide about a cluster. */
export function description({ name, region, labels, status, endpoint }: Cluster) {
  return { name, region, labels, status, endpoint };
}

function seen({ health, issues, k8s_version, nodes }: Cluster) {
  return { health, issues, k8s_version, nodes };
}

export function Meanwhile({ base, takeOver }: { base: Cluster; takeOver: (now: Cluster) => void }) {
  const now = useQuery({
    queryKey: ['clusters', base.id, 'meanwhile', base.revision],
    queryFn: ({ signal }) => readCluster(base.id, signal),
    gcTime: 0,
    staleTime: 0,
  });
  return (
    <Answered query={now} what="The cluster as it is now">
      {(data) => {
        const decided = JSON.stringify(description(data)) !== JSON.stringify(description(base));
        return (
          <ChangedMeanwhile
            title={decided ? 'Somebody changed the cluster meanwhile' : 'The hub saw something new of the cluster meanwhile'}
            was={base.revision}
            is={data.revision}
            takeOver={() => takeOver(data)}
          >
            <DiffTable
              before={decided ? description(base) : seen(base)}
              after={decided ? description(data) : seen(data)}
              label="What changed meanwhile"
            />
          </ChangedMeanwhile>
        );
      }}
    </Answered>
  );
}
