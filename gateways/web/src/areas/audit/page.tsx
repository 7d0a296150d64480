/** The audit log: what happened, who did it, and the proof of it. */
import './styles.css';

import { Route, Routes } from 'react-router';

import { NotHere } from '../../app/app';
import { AtPosition } from './parts/at';
import { EntryPage } from './parts/entry';
import { LogPage } from './parts/log';
import { ReplayPage } from './parts/replay';
import { VerifyPage } from './parts/verify';

export default function Audit() {
  return (
    <Routes>
      <Route index element={<LogPage />} />
      <Route path="at/:position" element={<AtPosition />} />
      <Route path="replay" element={<ReplayPage />} />
      <Route path=":id" element={<EntryPage />} />
      <Route path=":id/verify" element={<VerifyPage />} />
      <Route path="*" element={<NotHere />} />
    </Routes>
  );
}
