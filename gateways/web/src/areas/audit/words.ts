/** What the audit area says of entries, and of moments in the address. */
import { toField as fieldOf } from '../../kit/travel';

export const PRESETS = [
  { hours: 1, title: 'Last hour' },
  { hours: 24, title: 'Last 24 hours' },
  { hours: 24 * 7, title: 'Last 7 days' },
  { hours: 24 * 30, title: 'Last 30 days' },
] as const;

export function hoursAgo(hours: number, now = Date.now()): string {
  return new Date(now - hours * 3_600_000).toISOString();
}

/** RFC 3339 to what a field for date and time takes, in the time zone of the person; `''` where it is no time. */
export function toField(time: string | undefined): string {
  const moment = Date.parse(time ?? '');
  return Number.isNaN(moment) ? '' : fieldOf(moment);
}

export function fromField(text: string): string | undefined {
  const moment = new Date(text);
  return text && !Number.isNaN(moment.getTime()) ? moment.toISOString() : undefined;
}

/** Events that the hub records, to choose from; others can be typed. */
export const EVENT_TYPES = [
  ...['import_requested.v1', 'imported.v1', 'import_failed.v1', 'changed.v1', 'credentials_replaced.v1', 'update_completed.v1', 'update_failed.v1', 'health_changed.v2'].map((name) => `cluster.${name}`),
  ...['version_changed.v1', 'nodes_changed.v1', 'decommission_requested.v1', 'decommissioned.v1'].map((name) => `cluster.${name}`),
  ...['created.v1', 'paused.v1', 'resumed.v1', 'replayed.v1', 'dead_letters_retried.v1', 'deleted.v1'].map((name) => `export.${name}`),
  ...['created.v1', 'renamed.v1', 'suspended.v1', 'resumed.v1', 'signing_key_rotated.v1'].map((name) => `tenant.${name}`),
  ...['registered.v1', 'profile_changed.v1', 'roles_changed.v1', 'password_changed.v1', 'disabled.v1', 'enabled.v1', 'deleted.v1', 'signed_in.v1'].map((name) => `user.${name}`),
  ...['sign_in_refused.v1', 'signed_out.v1', 'command_refused.v1', 'refusals_counted.v1'].map((name) => `user.${name}`),
];

export const ACTIONS = [
  ...['import', 'change', 'decommission', 'observe', 'confirm_decommission'].map((name) => `cluster.${name}`),
  ...['create', 'pause', 'resume', 'replay', 'retry_dead_letters', 'delete'].map((name) => `export.${name}`),
  ...['sign_in', 'sign_out', 'register', 'change', 'delete', 'refuse_sign_in'].map((name) => `user.${name}`),
];
