/** Errors, as RFC 9457 shapes them; one kind of error for all of the interface. */
import type { components } from './schema';

export type Problem = components['schemas']['Problem'];
export type FieldError = components['schemas']['FieldError'];

export class ProblemError extends Error {
  readonly problem: Problem;
  /** Seconds after which the hub wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** Whether asking again may help. */
  get passing(): boolean {
    return [429, 502, 503, 504].includes(this.problem.status) || this.problem.code === UNREACHABLE;
  }
}

/** The one code that no hub answers: there was no answer. */
const UNREACHABLE = 'unreachable';

export function unreachable(): ProblemError {
  return new ProblemError({
    type: '/problems/unreachable',
    title: 'The hub does not answer',
    status: 599,
    code: UNREACHABLE,
    detail: 'No answer came: the network is cut, or the hub is being restarted.',
  });
}

export function problemOf(body: unknown, response: Response): ProblemError {
  const after = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const retryAfter = Number.isFinite(after) ? after : undefined;
  if (typeof body === 'object' && body !== null && 'code' in body && 'title' in body) {
    return new ProblemError(body as Problem, retryAfter);
  }
  const status = response.status;
  return new ProblemError(
    { type: 'about:blank', title: `HTTP ${status}`, status, code: 'unexpected-answer', detail: 'Something between this page and the hub answered.' },
    retryAfter,
  );
}

export function asProblem(cause: unknown): ProblemError {
  if (cause instanceof ProblemError) return cause;
  if (cause instanceof TypeError) return unreachable();
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new ProblemError({ type: 'about:blank', title: 'The page failed', status: 500, code: 'page-failed', detail });
}

/** What a person can do about it. */
export function advice(problem: Problem): string {
  if (problem.code === UNREACHABLE) return 'It is tried again by itself; nothing that you typed is lost.';
  // Refused by a rule, and not because somebody was quicker.
  if (problem.code === 'own-account') return 'Nothing was changed.';
  if (problem.code === 'name-taken') return 'Nothing was changed: choose another one.';
  if (problem.code === 'sign-in-refused') return 'Look at the address, the password and the tenant, and try again.';
  switch (problem.status) {
    case 401:
      return 'Sign in again.';
    case 403:
      return 'Ask an administrator of your tenant for the role that this needs.';
    case 404:
      return 'It may have been removed, or the address has a typing error.';
    case 409:
    case 412:
      return 'Somebody else changed it meanwhile: look at it as it is now, then decide again.';
    case 429:
      return 'Wait a moment: there were too many requests in this minute.';
    case 400:
    case 413:
    case 422:
      return 'Mend what is named and send it again; nothing was changed.';
    default:
      return problem.status >= 500
        ? 'Try again; when it stays, give the trace id to whoever runs this hub.'
        : 'Nothing was changed.';
  }
}
