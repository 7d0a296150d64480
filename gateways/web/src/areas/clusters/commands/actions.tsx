/** What can be done to a cluster, for those who may, and now only. */
import { Button } from '@patternfly/react-core';
import { lazy, Suspense, useState } from 'react';

import { useMay } from '../../../app/me';
import { useMoment } from '../../../kit/past';
import type { Cluster } from './queries';

const ChangeDialog = lazy(() => import('./change'));
const DecommissionDialog = lazy(() => import('./decommission'));

export function ClusterActions({ cluster }: { cluster: Cluster }) {
  const may = useMay('clusters:manage');
  const { asOf } = useMoment();
  const [open, setOpen] = useState<'change' | 'decommission'>();
  const close = () => setOpen(undefined);
  const leaving = cluster.status === 'decommissioning' || cluster.status === 'decommissioned';
  return (
    <>
      {may && asOf === undefined && !leaving && (
        <>
          <Button variant="secondary" onClick={() => setOpen('change')}>
            Change
          </Button>
          <Button variant="secondary" isDanger onClick={() => setOpen('decommission')}>
            Decommission
          </Button>
        </>
      )}
      <Suspense>
        {open === 'change' && <ChangeDialog cluster={cluster} close={close} />}
        {open === 'decommission' && <DecommissionDialog cluster={cluster} close={close} />}
      </Suspense>
    </>
  );
}
