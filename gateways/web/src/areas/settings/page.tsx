/** The settings: what belongs to this browser, to the account, and to the tenant. */
import './styles.css';

import { Button, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { NavLink, Route, Routes, useNavigate } from 'react-router';

import { NotHere } from '../../app/app';
import { useMay, useMe } from '../../app/me';
import { Frame } from '../../kit/parts';
import { useMoment } from '../../kit/past';
import { keep, kept } from '../fleet/steps';
import { Ledger } from './parts/ledger';
import { Shortcuts } from './parts/shortcuts';
import { ThemeChoice } from './parts/theme';
import { UserPage } from './parts/user';
import { Users } from './parts/users';
import { WhoAmI } from './parts/who';

const CreateUser = lazy(() => import('./users/create'));

export default function Settings() {
  return (
    <Routes>
      <Route index element={<General />} />
      <Route path="users" element={<UsersPage />} />
      <Route path="users/:id" element={<OneUser />} />
      <Route path="*" element={<NotHere />} />
    </Routes>
  );
}

/** Shown only to those who may see more than one section. */
function Sections() {
  const me = useMe();
  // Until it is known who one is, its place is kept.
  if (me.isPending) return <div className="cm-settings-nav cm-settings-kept" />;
  if (!me.data?.permissions.includes('users:read')) return null;
  return (
    <nav aria-label="Settings" className="cm-settings-nav">
      <NavLink to="/settings" end>
        General
      </NavLink>
      <NavLink to="/settings/users">Users</NavLink>
    </nav>
  );
}

function General() {
  return (
    <Frame title="Settings" about={<Sections />}>
      <div className="cm-settings-page">
        <Part title="Who you are">
          <WhoAmI />
        </Part>
        <Part title="What the ledger is verified with">
          <Ledger />
        </Part>
        <Part title="Theme">
          <ThemeChoice />
        </Part>
        <Part title="Keyboard">
          <Shortcuts />
        </Part>
        <FirstSteps />
      </div>
    </Frame>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card isCompact>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>{children}</CardBody>
    </Card>
  );
}

/** The way back to the steps that were closed. */
function FirstSteps() {
  const navigate = useNavigate();
  const permitted = [useMay('clusters:manage'), useMay('audit:read')].every(Boolean);
  if (!permitted || !(kept().closed || kept().ticked.length === 3)) return null;
  const again = () => {
    keep({ closed: false, ticked: [] });
    void navigate('/fleet');
  };
  return (
    <Part title="First steps">
      <p className="cm-space-below">They are closed in this browser.</p>
      <Button variant="secondary" onClick={again}>
        Show them again
      </Button>
    </Part>
  );
}

function NotPermitted() {
  return <p>Only administrators see the accounts of the tenant.</p>;
}

function UsersPage() {
  const permitted = useMay('users:read');
  return (
    <Frame title="Users" about={<Sections />} actions={<Create />}>
      {permitted ? <Users /> : <NotPermitted />}
    </Frame>
  );
}

/** Not in the past: what is done is done now. */
function Create() {
  const may = useMay('users:manage');
  const { asOf } = useMoment();
  const [open, setOpen] = useState(false);
  if (!may || asOf !== undefined) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Create a user</Button>
      {open && (
        <Suspense>
          <CreateUser close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

function OneUser() {
  if (useMay('users:read')) return <UserPage />;
  return (
    <Frame title="Account">
      <NotPermitted />
    </Frame>
  );
}
