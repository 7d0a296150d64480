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
    return [429, 502, 503, 504].includes(this.problem.status) || this.problem.code === UNREACHABLE || this.problem.code === UNDECIDED;
  }

  /** Whether the hub may have done what it was asked for: nobody heard. */
  get unheard(): boolean {
    return ![429, 503].includes(this.problem.status) || ['outcome-unknown', 'timed-out', 'unavailable'].includes(this.problem.code);
  }
}

/** The code of what no hub answers: there was no answer. */
export const UNREACHABLE = 'unreachable';
/** The code of a command that was sent again and again, and never answered. */
export const UNDECIDED = 'undecided';

export function unreachable(): ProblemError {
  return new ProblemError({
    type: '/problems/unreachable',
    title: 'The hub does not answer',
    status: 599,
    code: UNREACHABLE,
    detail: 'No answer came: the network is cut, or the hub is being restarted.',
  });
}

export function undecided(last: Problem, attempts: number): ProblemError {
  const { detail, trace_id } = last;
  return new ProblemError({
    type: '/problems/undecided',
    title: 'It is not known whether it was recorded',
    status: 599,
    code: UNDECIDED,
    detail: `It was sent ${attempts} times, and nobody heard what became of it. ${detail}`,
    ...(trace_id ? { trace_id } : {}),
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
export function advice(problem: Problem, byHand = false): string {
  if (problem.code === UNDECIDED) return 'Press the button again: it goes out under the same key, so that it is done once, however often it arrives. Nothing that you typed is lost.';
  if (problem.code === UNREACHABLE && byHand) return 'Nothing that you typed is lost: try again.';
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
