/** Where work that takes time stands. Every step is told by an answer of the API, none by a guess. */
import { Card, CardBody, CardTitle, ProgressStep, ProgressStepper } from '@patternfly/react-core';

import { When } from '../../../kit/parts';
import { type Cluster, useHealth } from '../queries';

interface Step {
  title: string;
  about?: string;
}

const WORK: Record<string, { title: string; steps: [Step, Step, Step] }> = {
  importing: {
    title: 'It is being imported',
    steps: [{ title: 'Asked for' }, { title: 'First answer', about: 'The hub connects and reads its version, identity and nodes.' }, { title: 'Active' }],
  },
  updating: {
    title: 'Its credentials are being replaced',
    steps: [{ title: 'Asked for' }, { title: 'Trial', about: 'The cluster has to accept the new credentials; until then those from before hold.' }, { title: 'Active' }],
  },
  decommissioning: {
    title: 'It is being decommissioned',
    steps: [{ title: 'Asked for' }, { title: 'Credentials', about: 'The hub destroys what it holds of them. The cluster itself is left alone.' }, { title: 'Decommissioned' }],
  },
};

export function Progress({ cluster }: { cluster: Cluster }) {
  const work = WORK[cluster.status];
  const health = useHealth(cluster.id, work !== undefined);
  if (!work) return null;
  const [asked, running, done] = work.steps;
  const looked = cluster.status !== 'decommissioning' && health.data?.last_checked;
  return (
    <Card component="section">
      <CardTitle component="h2">{work.title}</CardTitle>
      <CardBody>
        <ProgressStepper aria-label={work.title}>
          <ProgressStep variant="success" id="cm-step-1" titleId="cm-step-1-title" aria-label={`${asked.title}: done`} description={<When time={cluster.updated_at} />}>
            {asked.title}
          </ProgressStep>
          <ProgressStep
            variant="info"
            isCurrent
            id="cm-step-2"
            titleId="cm-step-2-title"
            aria-label={`${running.title}: under way`}
            description={
              <>
                {running.about}
                {looked && (
                  <>
                    {' '}
                    Last looked <When time={looked} />.
                  </>
                )}
              </>
            }
          >
            {running.title}
          </ProgressStep>
          <ProgressStep variant="pending" id="cm-step-3" titleId="cm-step-3-title" aria-label={`${done.title}: not yet`}>
            {done.title}
          </ProgressStep>
        </ProgressStepper>
      </CardBody>
    </Card>
  );
}
