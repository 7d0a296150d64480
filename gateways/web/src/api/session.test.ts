import { beforeEach, expect, it, vi } from 'vitest';

const answers: Response[] = [];
const asked: { url: string; body: unknown }[] = [];

beforeEach(() => {
  vi.resetModules();
  localStorage.setItem('clustermaster.session', 'open');
  answers.length = 0;
  asked.length = 0;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push({ url, body: init.body ? JSON.parse(init.body as string) : undefined });
    const answer = answers.shift();
    return answer ? Promise.resolve(answer) : Promise.reject(new TypeError('cut'));
  });
});

function session(user: string, token: string) {
  return Response.json({ access_token: token, token_type: 'Bearer', expires_in: 900, refresh_token: null, user: { id: user, roles: [] } });
}
const refused = () => Response.json({ type: '/problems/session-ended', title: 't', status: 401, code: 'session-ended', detail: 'd' }, { status: 401 });

it('goes on with a session that the cookie still holds, and asks once for many', async () => {
  const { accessToken, resume, sessionState } = await import('./session');
  answers.push(session('user_1', 'one'));
  await Promise.all([resume(), accessToken(), accessToken()]);
  expect(sessionState()).toEqual({ kind: 'open', user: 'user_1' });
  expect(asked).toEqual([{ url: '/api/v1/auth/refresh', body: {} }]);
});

it('waits for a person when the session has ended, and goes on then', async () => {
  const { accessToken, resume, sessionState, signIn } = await import('./session');
  answers.push(session('user_1', 'one'), refused());
  await resume();
  const waiting = accessToken('one');
  await vi.waitFor(() => expect(sessionState()).toEqual({ kind: 'expired', user: 'user_1' }));
  answers.push(session('user_1', 'two'));
  await signIn('a@b.example', 'secret', undefined);
  await expect(waiting).resolves.toBe('two');
});

it('keeps what it knows while the hub is away', async () => {
  const { resume, sessionState } = await import('./session');
  await expect(resume()).rejects.toMatchObject({ problem: { code: 'unreachable' } });
  expect(sessionState()).toEqual({ kind: 'unknown' });
});

it('asks again after an answer was lost, and takes nobody for signed out', async () => {
  const { accessToken, resume, sessionState } = await import('./session');
  answers.push(session('user_1', 'one'));
  await resume();
  // There is no answer, then one that breaks off.
  await expect(accessToken('one')).rejects.toMatchObject({ problem: { code: 'unreachable' } });
  answers.push(new Response('{"access_to'));
  await expect(accessToken('one')).rejects.toMatchObject({ problem: { code: 'unreachable' } });
  expect(sessionState()).toEqual({ kind: 'open', user: 'user_1' });
  expect(localStorage.getItem('clustermaster.session')).toBe('open');
  answers.push(session('user_1', 'two'));
  await expect(accessToken('one')).resolves.toBe('two');
  expect(asked.map(({ url }) => url)).toEqual(Array(4).fill('/api/v1/auth/refresh'));
  expect(sessionState()).toEqual({ kind: 'open', user: 'user_1' });
});

it('asks nobody for a session that there never was', async () => {
  localStorage.clear();
  const { resume, sessionState } = await import('./session');
  await resume();
  expect(sessionState()).toEqual({ kind: 'none' });
  expect(asked).toEqual([]);
});
