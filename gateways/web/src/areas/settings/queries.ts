/** What the settings ask of the API. */
import { useQuery } from '@tanstack/react-query';

import { api, body, fresh, page, receipt, type Receipt, type Schemas } from '../../api/client';
import type { CommandHeaders } from '../../kit/command';
import type { ListState } from '../../kit/list';

export function useLedgerHead(enabled: boolean) {
  return useQuery({ queryKey: ['ledger', 'head'], queryFn: ({ signal }) => body(api.GET('/api/v1/ledger/head', { signal })), enabled });
}

/** The keys of the ledger, the oldest first. */
export function useLedgerKeys(enabled: boolean) {
  return useQuery({ queryKey: ['ledger', 'keys'], queryFn: ({ signal }) => body(api.GET('/api/v1/ledger/keys', { signal })), enabled });
}

export type UserFilter = 'status' | 'role';
export const USER_STATUSES = ['active', 'disabled', 'deleted'] as const;
export const ROLES = ['admin', 'operator', 'viewer'] as const;

export function useUsers(state: Pick<ListState, 'sort' | 'limit' | 'cursor'> & { filters: Partial<Record<UserFilter, string>> }, asOf: string | undefined) {
  const { sort, limit, cursor, filters } = state;
  const status = USER_STATUSES.filter((one) => one === filters.status);
  const role = ROLES.filter((one) => one === filters.role);
  return useQuery({
    queryKey: ['users', 'list', { sort, limit, cursor, status, role, asOf }],
    queryFn: ({ signal }) =>
      page(
        api.GET('/api/v1/users', {
          params: {
            query: {
              limit,
              ...(sort ? { sort } : {}),
              ...(cursor ? { cursor } : {}),
              ...(status.length > 0 ? { status } : {}),
              ...(role.length > 0 ? { role } : {}),
              ...(asOf ? { as_of: asOf } : {}),
              ...fresh(),
            },
          },
          signal,
        }),
      ),
  });
}

export type User = Schemas['User'];
export type Role = Schemas['Role'];
export type Plan = Schemas['Plan'];
export type Account = Schemas['UserSummary'];

export function readUser(id: string, asOf?: string, signal?: AbortSignal): Promise<User> {
  const query = { ...fresh(), ...(asOf ? { as_of: asOf } : {}) };
  return body(api.GET('/api/v1/users/{id}', { params: { path: { id }, query }, ...(signal ? { signal } : {}) }));
}

export function useUser(id: string, asOf: string | undefined) {
  return useQuery({ queryKey: ['users', 'one', id, asOf], queryFn: ({ signal }) => readUser(id, asOf, signal) });
}

/** As it is now, for whoever is told that it is no longer as it was. */
export function useUserNow(id: string, revision: number) {
  return useQuery({ queryKey: ['users', 'meanwhile', id, revision], queryFn: ({ signal }) => readUser(id, undefined, signal), gcTime: 0, staleTime: 0 });
}

export const RECENT = 10;

/** What somebody did last. */
export function useDoings(actor: string, asOf: string | undefined, enabled: boolean) {
  return useQuery({
    queryKey: ['audit-logs', 'doings', actor, asOf],
    queryFn: ({ signal }) =>
      page(api.GET('/api/v1/audit-logs', { params: { query: { actor: [actor], sort: '-recorded_at', limit: RECENT, ...(asOf ? { as_of: asOf } : {}), ...fresh() } }, signal })),
    enabled,
  });
}

/** An account to be; without a password the hub makes one. */
export type NewUser = Pick<Schemas['NewUser'], 'email' | 'display_name' | 'roles'> & { password?: string };
/** What is to change; what is left out stays. */
export type UserChanges = { email?: string; display_name?: string; roles?: Role[]; enabled?: boolean; password?: string };

export async function planUser(user: NewUser): Promise<Plan> {
  return (await body(api.POST('/api/v1/users', { params: { query: { dry_run: true } }, body: user }))) as Plan;
}

export async function createUser(user: NewUser, header: CommandHeaders): Promise<Receipt<Account>> {
  return (await receipt(api.POST('/api/v1/users', { params: { header }, body: user }))) as Receipt<Account>;
}

const match = (revision: number | undefined) => (revision === undefined ? {} : { 'If-Match': `"${revision}"` });

export async function planChange(id: string, changes: UserChanges, revision: number | undefined, signal?: AbortSignal): Promise<Plan> {
  const params = { path: { id }, query: { dry_run: true }, header: match(revision) };
  return (await body(api.PUT('/api/v1/users/{id}', { params, body: changes, ...(signal ? { signal } : {}) }))) as Plan;
}

export async function changeUser(id: string, changes: UserChanges, revision: number | undefined, headers: CommandHeaders): Promise<Receipt<Account>> {
  const params = { path: { id }, header: { ...headers, ...match(revision) } };
  return (await receipt(api.PUT('/api/v1/users/{id}', { params, body: changes }))) as Receipt<Account>;
}

export async function planDeletion(id: string, revision: number, signal?: AbortSignal): Promise<Plan> {
  const params = { path: { id }, query: { dry_run: true }, header: match(revision) };
  return (await body(api.DELETE('/api/v1/users/{id}', { params, ...(signal ? { signal } : {}) }))) as Plan;
}

export async function deleteUser(id: string, revision: number, headers: CommandHeaders): Promise<Receipt<Account>> {
  const params = { path: { id }, header: { ...headers, ...match(revision) } };
  return (await receipt(api.DELETE('/api/v1/users/{id}', { params }))) as Receipt<Account>;
}
