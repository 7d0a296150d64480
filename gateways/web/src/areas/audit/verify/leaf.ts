/** The leaf of an event: what of it is hashed into the ledger (replay-tools/FORMAT.md). */
import { Bad, type Bytes, Reader, uuid } from './bytes';

export interface Leaf {
  tenant: string;
  sequence: bigint;
  previous: Bytes;
  event: string;
  command: string;
  /** Microseconds since 1970. */
  recordedAt: bigint;
  stream: string;
  revision: bigint;
  type: string;
  version: number;
  actor: string;
  metadata: Bytes;
  payload: Bytes;
}

const LONGEST = 1024;

export function readLeaf(bytes: Bytes): Leaf {
  if (bytes.length > LONGEST) throw new Bad('The leaf is too long.');
  const from = new Reader(bytes);
  if (from.number(1) !== 1n) throw new Bad('The leaf has another format.');
  const leaf: Leaf = {
    tenant: uuid(from.take(16)),
    sequence: from.number(8),
    previous: from.take(32),
    event: uuid(from.take(16)),
    command: uuid(from.take(16)),
    recordedAt: BigInt.asIntN(64, from.number(8)),
    stream: from.text(),
    revision: from.number(8),
    type: from.text(),
    version: Number(from.number(2)),
    actor: from.text(),
    metadata: from.take(32),
    payload: from.take(32),
  };
  if (!from.done) throw new Bad('Bytes follow the last field of the leaf.');
  return leaf;
}

/** RFC 3339 with microseconds, to microseconds since 1970; `undefined` where it is none. */
export function micros(time: string): bigint | undefined {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  const seconds = parts ? Date.parse(`${parts[1]}${parts[3]}`) : NaN;
  return parts && Number.isFinite(seconds) ? BigInt(seconds) * 1000n + BigInt((parts[2] ?? '').padEnd(6, '0')) : undefined;
}
