/** What this browser keeps for the person: the verifier key that they hold, and which entry they verified last. */
import { keep, kept, useKept } from '../../kit/kept';

export const heldKey = () => kept('verifier-key');
export const useHeldKey = () => useKept('verifier-key');

export function holdKey(key: string | undefined) {
  keep('verifier-key', key);
}

export function rememberVerified(id: string) {
  keep('verified', id);
}
