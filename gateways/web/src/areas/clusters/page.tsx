import { lazy } from 'react';
import { Route, Routes } from 'react-router';

import { Frame } from '../../kit/parts';

const Import = lazy(() => import('./commands/import'));

export default function Clusters() {
  return (
    <Routes>
      <Route path="import" element={<Import />} />
      <Route path="*" element={<Frame title="Clusters">…</Frame>} />
    </Routes>
  );
}
