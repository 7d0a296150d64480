import { QueryClientProvider } from '@tanstack/react-query';
import { Component, type ReactNode, Suspense, useEffect, useState } from 'react';
import { createBrowserRouter, Navigate, Route, type RouteObject, RouterProvider, Routes, useLocation, useRouteError } from 'react-router';

import { prefix } from '../api/base';
import { asProblem } from '../api/problem';
import { queryClient } from '../api/query';
import { resume, useSession } from '../api/session';
import { Leaving } from '../kit/leave';
import { ButtonLink, Frame } from '../kit/parts';
import { Failed, Loading } from '../kit/states';
import { ToastRoom } from '../kit/toasts';
import { AREAS } from './areas';
import { useScroll } from './scroll';
import { Shell } from './shell';
import { SignInPage } from './sign-in';

export function App() {
  const session = useSession();
  return session.kind === 'unknown' ? <Resuming /> : session.kind === 'none' ? <SignInPage /> : <SignedIn key={session.user} />;
}

function Resuming() {
  const [failure, setFailure] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  // A lost answer can be asked for again for a minute: that does not wait for somebody to press a button.
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    resume().catch((cause: unknown) => {
      if (gone) return;
      const { passing, retryAfter } = asProblem(cause);
      if (!passing || attempt > 0) setFailure(cause);
      if (passing) timer = setTimeout(() => setAttempt(attempt + 1), (retryAfter ?? Math.min(8, 0.5 * 2 ** attempt)) * 1000);
    });
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [attempt]);
  const retry = () => {
    setFailure(undefined);
    setAttempt(attempt + 1);
  };
  return <main className="cm-sign-in">{failure ? <Failed cause={failure} retry={retry} /> : <Loading what="ClusterMaster" />}</main>;
}

/** One route for everything: the areas have their own. A router of this kind can hold up the browser's way back. */
export const ROUTES: RouteObject[] = [{ path: '*', element: <Everything />, errorElement: <Broken /> }];

/** One as long as the page lives: it follows the address also while nobody is signed in. */
let made: ReturnType<typeof createBrowserRouter> | undefined;
const router = () => (made ??= createBrowserRouter(ROUTES, { basename: prefix || '/' }));

function SignedIn() {
  const [client] = useState(queryClient);
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router()} />
    </QueryClientProvider>
  );
}

function Everything() {
  useScroll('main');
  return (
    <ToastRoom>
      <Shell>
        <Guarded>
          <Suspense fallback={<Loading what="The page" />}>
            <Routes>
              <Route index element={<Navigate to="/fleet" replace />} />
              {AREAS.map((area) => (
                <Route key={area.path} path={`${area.path}/*`} element={<area.routes />} />
              ))}
              <Route path="*" element={<NotHere />} />
            </Routes>
          </Suspense>
        </Guarded>
      </Shell>
      <Leaving />
    </ToastRoom>
  );
}

/** What breaks around the pages. */
function Broken() {
  return (
    <main className="cm-sign-in">
      <Failed cause={useRouteError()} retry={() => location.reload()} />
    </main>
  );
}

export function NotHere() {
  return (
    <Frame title="There is no such page">
      <p className="cm-space-below">The address has a typing error, or the page was moved.</p>
      <ButtonLink to="/fleet">To the fleet</ButtonLink>
    </Frame>
  );
}

/** A page that breaks takes no other one with it. */
function Guarded({ children }: { children: ReactNode }) {
  return <Guard page={useLocation().pathname}>{children}</Guard>;
}

class Guard extends Component<{ children: ReactNode; page: string }, { cause: unknown }> {
  override state: { cause: unknown } = { cause: undefined };

  static getDerivedStateFromError(cause: unknown) {
    return { cause };
  }

  override componentDidUpdate(before: { page: string }) {
    if (before.page !== this.props.page && this.state.cause !== undefined) this.setState({ cause: undefined });
  }

  override render() {
    if (this.state.cause === undefined) return this.props.children;
    return (
      <Frame title="This page failed">
        <Failed cause={this.state.cause} retry={() => location.reload()} />
      </Frame>
    );
  }
}
