/** What the settings ask of the API. */
import { useQuery } from '@tanstack/react-query';

import { api, body, fresh, page } from '../../api/client';
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
