/**
 * The session of this browser. The access token lives in memory only; the refresh token in a cookie that no script can read.
 *
 * Whoever needs a token waits for it, also while a person signs in again: what was sent goes on then, and no input is lost.
 */
import { useSyncExternalStore } from 'react';

import { prefix } from './base';
import { problemOf, unreachable } from './problem';
import type { components } from './schema';

type Session = components['schemas']['Session'];

/** Where things stand: `unknown` until the first answer, `none` before a sign-in, `expired` when one has to be repeated. */
export type SessionState =
  | { kind: 'unknown' }
  | { kind: 'none' }
  | { kind: 'open'; user: string }
  | { kind: 'expired'; user: string };

/** A token is renewed so many milliseconds before it ends. */
const EARLY = 30_000;

/** That there was a session: without one nobody is asked for it. The cookie itself no script can see. */
const KEPT = 'clustermaster.session';

function remember(open: boolean) {
  try {
    if (open) localStorage.setItem(KEPT, 'open');
    else localStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing asks the hub each time.
  }
}

function mayHaveOne(): boolean {
  try {
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return true;
  }
}

let state: SessionState = { kind: 'unknown' };
let token: { value: string; ends: number } | undefined;
let renewing: Promise<void> | undefined;
const listeners = new Set<() => void>();

function become(next: SessionState) {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function sessionState(): SessionState {
  return state;
}

export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, sessionState);
}

async function post(path: string, body: unknown, bearer?: string): Promise<Response> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (bearer) headers['Authorization'] = `Bearer ${bearer}`;
  try {
    return await fetch(`${prefix}/api/v1/auth/${path}`, {
      method: 'POST',
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: 'same-origin',
      // Also when the page is left meanwhile: the next one needs the cookie of the answer.
      keepalive: true,
    });
  } catch {
    throw unreachable();
  }
}

function opened(session: Session) {
  token = { value: session.access_token, ends: Date.now() + session.expires_in * 1000 };
  const before = state.kind === 'expired' ? state.user : undefined;
  // What is on the page belongs to whoever was signed in.
  if (before !== undefined && before !== session.user.id) location.reload();
  remember(true);
  become({ kind: 'open', user: session.user.id });
}

/**
 * One at a time, also among the tabs of this browser: a refresh token is good for one use. When its answer is lost it may be shown again for a
 * minute: whoever needs a token asks again, and only a refusal ends the session.
 */
async function renew(): Promise<void> {
  const ask = async () => {
    const response = await post('refresh', {});
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) {
      // It broke off: that is no answer.
      if (body === undefined) throw unreachable();
      return opened(body as Session);
    }
    if (response.status === 401) {
      token = undefined;
      remember(false);
      const user = state.kind === 'open' || state.kind === 'expired' ? state.user : undefined;
      return become(user === undefined ? { kind: 'none' } : { kind: 'expired', user });
    }
    throw problemOf(body, response);
  };
  if (!('locks' in navigator)) return ask();
  return navigator.locks.request('clustermaster.refresh', ask);
}

function renewed(): Promise<void> {
  renewing ??= renew().finally(() => {
    renewing = undefined;
  });
  return renewing;
}

/** Looks whether this browser has a session. */
export async function resume(): Promise<void> {
  if (state.kind !== 'unknown') return;
  if (mayHaveOne()) await renewed();
  else become({ kind: 'none' });
}

/** A living access token; waits for a person where one has to sign in again. */
export async function accessToken(refused?: string): Promise<string> {
  for (;;) {
    if (token && token.value !== refused && Date.now() < token.ends - EARLY) return token.value;
    await renewed();
    if (token && state.kind === 'open') return token.value;
    await new Promise<void>((resolve) => {
      const stop = subscribe(() => {
        if (state.kind !== 'open') return;
        stop();
        resolve();
      });
      if (state.kind === 'open') {
        stop();
        resolve();
      }
    });
  }
}

export async function signIn(email: string, password: string, tenant: string | undefined): Promise<void> {
  const response = await post('login', { email, password, ...(tenant ? { tenant } : {}), browser: true });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw problemOf(body, response);
  opened(body as Session);
}

export async function signOut(): Promise<void> {
  // Only a living token ends the session.
  if (token && Date.now() >= token.ends - EARLY) await renewed();
  if (token) {
    const response = await post('logout', undefined, token.value);
    if (!response.ok && response.status !== 401) throw problemOf(await response.json().catch(() => undefined), response);
  }
  token = undefined;
  remember(false);
  become({ kind: 'none' });
}
