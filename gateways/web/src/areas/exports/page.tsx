/** Exports: the routes of the area. */
import './styles.css';

import { Route, Routes } from 'react-router';

import { NotHere } from '../../app/app';
import { DeadLettersPage } from './parts/dead-letters';
import { ExportPage } from './parts/detail';
import { ExportsPage } from './parts/list';
import { NewExportPage } from './wizard/wizard';

export default function Exports() {
  return (
    <Routes>
      <Route index element={<ExportsPage />} />
      <Route path="new" element={<NewExportPage />} />
      <Route path=":id" element={<ExportPage />} />
      <Route path=":id/dead-letters" element={<DeadLettersPage />} />
      <Route path="*" element={<NotHere />} />
    </Routes>
  );
}
