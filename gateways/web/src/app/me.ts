/** Who is signed in, and what they may do. */
import { useQuery } from '@tanstack/react-query';

import { api, body } from '../api/client';

export function useMe() {
  return useQuery({ queryKey: ['me'], queryFn: ({ signal }) => body(api.GET('/api/v1/me', { signal })), staleTime: 60_000 });
}

/** Whether the caller may; until it is known, no. */
export function useMay(permission: string): boolean {
  return useMe().data?.permissions.includes(permission) ?? false;
}
