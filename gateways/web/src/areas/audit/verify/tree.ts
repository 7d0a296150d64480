/** The Merkle tree of a ledger (RFC 9162, section 2.1): from a leaf up to the root. */
import { Bad, type Bytes, concat } from './bytes';
import type { Engine } from './engine';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash({ sha256 }: Pick<Engine, 'sha256'>, leaf: Bytes): Promise<Bytes> {
  return sha256(concat(LEAF, leaf));
}

/** One joining on the way up: the sibling that the proof names, on which side it stands, and what the two make. */
export interface Joining {
  side: 'left' | 'right';
  sibling: Bytes;
  made: Bytes;
}

/** The way from a leaf to the root that it leads to (RFC 9162, section 2.1.3.2). Whether that root is the right one is for the caller. */
export async function climb({ sha256 }: Pick<Engine, 'sha256'>, leaf: Bytes, index: bigint, size: bigint, proof: readonly Bytes[]): Promise<Joining[]> {
  if (index >= size) throw new Bad(`The entry is number ${index + 1n}, but the checkpoint covers only ${size}.`);
  let [node, last, found] = [index, size - 1n, leaf];
  const way: Joining[] = [];
  for (const sibling of proof) {
    if (last === 0n) throw new Bad('The proof names more hashes than the way up needs.');
    const left = (node & 1n) === 1n || node === last;
    found = await sha256(left ? concat(NODE, sibling, found) : concat(NODE, found, sibling));
    way.push({ side: left ? 'left' : 'right', sibling, made: found });
    if (left) {
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw new Bad('The proof names fewer hashes than the way up needs.');
  return way;
}
