/** The rules of an account's members, said before the hub says them (it has the last word), and what a refusal says of them. */
import { asProblem } from '../../../api/problem';
import { fieldError } from '../../../kit/states';
import type { Role, User } from '../queries';

export interface Draft {
  email: string;
  name: string;
  roles: readonly Role[];
}

const hasControls = (text: string) => /\p{Cc}/u.test(text);

export function emailRule(text: string): string | undefined {
  const email = text.trim();
  const fits = email.length <= 254 && /^[^@\s]+@[^@\s]+$/.test(email) && !hasControls(email);
  return fits ? undefined : 'An e-mail address: one @ with text on both sides, no spaces.';
}

export function nameRule(text: string): string | undefined {
  const name = text.trim();
  return name !== '' && [...name].length <= 200 && !hasControls(name) ? undefined : '1 to 200 characters, not only spaces.';
}

export function rolesRule(roles: readonly Role[]): string | undefined {
  return roles.length > 0 ? undefined : 'At least one role.';
}

export function passwordRule(text: string): string | undefined {
  const length = [...text].length;
  return length >= 12 && length <= 256 ? undefined : '12 to 256 characters.';
}

export interface Faults {
  email: string | undefined;
  name: string | undefined;
  roles: string | undefined;
  password: string | undefined;
}

/** What the hub found wrong, field by field. */
export function faultsOf(cause: unknown): Faults {
  const taken = cause && asProblem(cause).problem.code === 'name-taken' ? 'Another account signs in with this address already.' : undefined;
  const at = (pointer: string) => fieldError(cause, pointer);
  return { email: taken ?? at('/email'), name: at('/display_name'), roles: at('/roles'), password: at('/password') };
}

export function isField(cause: unknown): boolean {
  return Object.values(faultsOf(cause)).some(Boolean);
}

/** Somebody was quicker. */
export function isStale(cause: unknown): boolean {
  return Boolean(cause) && asProblem(cause).problem.status === 412;
}

export const sameRoles = (one: readonly string[], other: readonly string[]) => [...one].sort().join() === [...other].sort().join();

/** What people decide about an account; that it signed in is none of it. */
export function decided({ display_name, email, roles, status }: User) {
  return { display_name, email, roles: [...roles].sort().join(', '), status };
}

/** No two of these are taken for one another. */
const READABLE = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** 20 readable characters, 100 bits: as the hub makes them. */
export function madeUp(): string {
  return [...crypto.getRandomValues(new Uint8Array(20))].map((byte) => READABLE[byte & 31]).join('');
}
