/** How answers are kept and asked for again. */
import { QueryClient } from '@tanstack/react-query';

import { asProblem } from './problem';

const ATTEMPTS = 4;

export function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 300_000,
        // Also while the hub is being restarted: the page keeps what it has and asks again.
        networkMode: 'always',
        retry: (failures, cause) => asProblem(cause).passing && failures < ATTEMPTS,
        retryDelay: (failures, cause) => (asProblem(cause).retryAfter ?? Math.min(8, 0.5 * 2 ** failures)) * 1000,
      },
      // A command repeats itself under its own key: see `useCommand`.
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
