/** What roles and permissions mean, in words. */
import { word } from '../../kit/words';

export const ROLE_WORDS: Record<string, string> = {
  admin: 'Administrator: everything, users and exports included',
  operator: 'Operator: clusters, the audit log, and a look at exports',
  viewer: 'Viewer: a look at the fleet',
};

const PERMISSIONS: Record<string, string> = {
  'clusters:read': 'See the fleet and its clusters',
  'clusters:manage': 'Import, change and decommission clusters',
  'users:read': 'See the users',
  'users:manage': 'Open, change and end accounts',
  'self:manage': 'Change the own password and sign out',
  'audit:read': 'Read the audit log and its proofs',
  'audit:read-personal': 'See in the audit log from where somebody acted',
  'exports:read': 'See exports',
  'exports:manage': 'Create, pause, replay and delete exports',
};

export function permissionWord(permission: string): string {
  return PERMISSIONS[permission] ?? word(permission.replace(':', ': '));
}
