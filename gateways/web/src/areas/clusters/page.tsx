import './styles.css';

import { lazy } from 'react';
import { Route, Routes } from 'react-router';

import { NotHere } from '../../app/app';
import { ClusterPage } from './parts/cluster';
import { CompareCluster } from './parts/compare-cluster';
import { CompareFleet } from './parts/compare-fleet';
import { ListPage } from './parts/list';

const Import = lazy(() => import('./commands/import'));

export default function Clusters() {
  return (
    <Routes>
      <Route index element={<ListPage />} />
      <Route path="import" element={<Import />} />
      <Route path="compare" element={<CompareFleet />} />
      <Route path=":id" element={<ClusterPage tab="" />} />
      <Route path=":id/nodes" element={<ClusterPage tab="nodes" />} />
      <Route path=":id/workloads" element={<ClusterPage tab="workloads" />} />
      <Route path=":id/history" element={<ClusterPage tab="history" />} />
      <Route path=":id/compare" element={<CompareCluster />} />
      <Route path="*" element={<NotHere />} />
    </Routes>
  );
}
