import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { App } from './app';

// The whole of it, areas fetched as they are opened, on machines that do other things as well.
vi.setConfig({ testTimeout: 60_000 });
vi.mock('../areas/fleet/parts/donut', () => ({ default: () => null }));
const SOON = { timeout: 20_000 };

const KUBECONFIG = JSON.stringify({
  clusters: [{ name: 'c', cluster: { server: 'https://203.0.113.7:6443' } }],
  users: [{ name: 'u', user: { token: 't' } }],
  contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
});
const SESSION = { access_token: 'one', token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: 'user_1', roles: [] } };
const refused = () => Response.json({ type: '/problems/unauthorized', title: 'No', status: 401, code: 'unauthorized', detail: 'no' }, { status: 401 });

let open: boolean;

beforeEach(() => {
  open = true;
  localStorage.clear();
  localStorage.setItem('clustermaster.session', 'open');
  vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, location.origin);
    const path = pathname.replace('/api/v1', '');
    if (path === '/auth/login') open = true;
    if (path === '/auth/refresh' || path === '/auth/login') return Promise.resolve(open ? Response.json(SESSION) : refused());
    if (!open) return Promise.resolve(refused());
    if (path === '/events') return new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))));
    if (path === '/me') return Promise.resolve(Response.json({ id: 'user_1', display_name: 'A', roles: [], permissions: ['clusters:read', 'clusters:manage', 'audit:read'] }));
    if (path === '/clusters') return Promise.resolve(Response.json([], { headers: { 'Total-Count': '0' } }));
    return Promise.resolve(Response.json({ type: '/problems/x', title: 'Away', status: 404, code: 'x', detail: 'Away.' }, { status: 404 }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('holds up the browser’s way back from the import, with the address as it was, and loses nothing by another sign-in', async () => {
  const user = userEvent.setup();
  history.replaceState(null, '', '/clusters');
  render(<App />);
  // Of the two links the one in the head of the page: the other is of the empty list.
  await user.click((await screen.findAllByRole('link', { name: 'Import a cluster' }, SOON))[0] as HTMLElement);
  await user.click(await screen.findByLabelText('Kubeconfig', { selector: 'textarea' }, SOON));
  await user.paste(KUBECONFIG);
  expect(await screen.findByText('The kubeconfig was read')).toBeVisible();

  act(() => history.back());
  const asked = await screen.findByRole('dialog', { name: /Leave, and lose this/ }, SOON);
  await user.click(within(asked).getByRole('button', { name: 'Stay here' }));
  await waitFor(() => expect(location.pathname).toBe('/clusters/import'));
  expect(screen.getByText('The kubeconfig was read')).toBeVisible();

  // The session ends, which is found out by whatever is asked next; the same person signs in again.
  open = false;
  act(() => history.back());
  const again = await screen.findByRole('dialog', { name: /Leave, and lose this/ }, SOON);
  await user.click(within(again).getByRole('button', { name: 'Stay here' }));
  const { accessToken } = await import('../api/session');
  const renewed = accessToken('one');
  const ended = await screen.findByRole('dialog', { name: 'Your session has ended' }, SOON);
  await user.type(within(ended).getByLabelText(/E-mail address/), 'a@b.example');
  await user.type(within(ended).getByLabelText(/Password/), 'secret');
  await user.click(within(ended).getByRole('button', { name: 'Sign in' }));
  await renewed;
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(screen.getByText('The kubeconfig was read')).toBeVisible();

  // Signing out loses it as well.
  await user.click(screen.getByRole('button', { name: /Account/ }));
  await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }));
  await user.click(within(await screen.findByRole('dialog', { name: /Leave, and lose this/ })).getByRole('button', { name: 'Stay here' }));
  expect(screen.getByText('The kubeconfig was read')).toBeVisible();

  act(() => history.back());
  await user.click(within(await screen.findByRole('dialog', { name: /Leave, and lose this/ }, SOON)).getByRole('button', { name: 'Leave' }));
  await waitFor(() => expect(location.pathname).toBe('/clusters'), SOON);
  expect(await screen.findByRole('heading', { name: 'Clusters', level: 1 }, SOON)).toBeVisible();
});
