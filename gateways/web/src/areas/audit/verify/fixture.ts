/** For tests: proofs over the repository's own test vectors, with a checkpoint that a key of the test signs. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as ed25519 from '@noble/ed25519';

import { base64, type Bytes, concat, hex, unhex, utf8 } from './bytes';
import type { Entry } from './compare';
import { engine } from './engine';
import { micros, readLeaf } from './leaf';
import { keyId, writeKey } from './note';

/** The repository, from this folder. */
export const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '../../../../../..');

export function vectors<T>(name: 'leaf' | 'chain' | 'tree'): T {
  return JSON.parse(readFileSync(join(REPOSITORY, 'domain/src/ledger/vectors', `${name}.json`), 'utf8')) as T;
}

export interface Chain {
  events: { leaf: string; leaf_hash: string; metadata: string; payload: string; recorded_at: string; root: string; tenant: string }[];
}

export const HUB = 'hub.example';

/** A signing key of a test, from one byte. */
export async function signer(seed: number, name = HUB) {
  const secret = new Uint8Array(32).fill(seed);
  const key = { name, public: new Uint8Array(await ed25519.getPublicKeyAsync(secret)) };
  return {
    verifier: await writeKey(await engine(), key),
    sign: async (text: string, as = name) => {
      const signature = new Uint8Array(await ed25519.signAsync(utf8(text), secret));
      return `\u2014 ${as} ${base64(concat(await keyId(await engine(), as, key.public), signature))}\n`;
    },
  };
}

/** The root over leaf hashes and the proof of one of them, as RFC 9162, section 2.1, defines them. */
export async function tree(leaves: Bytes[], index: number): Promise<{ root: Bytes; proof: Bytes[] }> {
  const [only] = leaves;
  if (leaves.length === 1 && only) return { root: only, proof: [] };
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const left = await tree(leaves.slice(0, half), index);
  const right = await tree(leaves.slice(half), index - half);
  const root = await (await engine()).sha256(concat(Uint8Array.of(1), left.root, right.root));
  return { root, proof: index < half ? [...left.proof, right.root] : [...right.proof, left.root] };
}

export interface Made {
  entry: Entry;
  proof: Record<string, unknown> & { hashes: string[]; checkpoint: string };
  hub: Awaited<ReturnType<typeof signer>>;
  origin: string;
}

/** The third event of the chain: the one whose payload has spaces, a line break, and keys out of order. */
export async function made(index = 2): Promise<Made> {
  const { events } = vectors<Chain>('chain');
  const event = events[index];
  if (!event) throw new Error('there is no such event');
  const { root, proof: way } = await tree(events.map((one) => unhex(one.leaf_hash)), index);
  if (hex(root) !== events.at(-1)?.root) throw new Error('the tree of the test is not that of the vectors');
  const hub = await signer(3);
  const leaf = readLeaf(unhex(event.leaf));
  const origin = `${HUB}/${event.tenant}`;
  const text = `${origin}\n${events.length}\n${base64(root)}\n`;
  const metadata = JSON.parse(event.metadata) as { trace_id: string };
  const seconds = leaf.recordedAt / 1_000_000n;
  const recorded_at = `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(leaf.recordedAt % 1_000_000n).padStart(6, '0')}Z`;
  if (micros(recorded_at) !== leaf.recordedAt) throw new Error('the time of the test is another one');
  return {
    hub,
    origin,
    proof: {
      format: 'clustermaster-proof/1',
      sequence: index,
      leaf: base64(unhex(event.leaf)),
      metadata: base64(utf8(event.metadata)),
      payload: base64(utf8(event.payload)),
      hashes: way.map(hex),
      checkpoint: `${text}\n${await hub.sign(text, origin)}`,
      verifier_key: hub.verifier,
    },
    entry: {
      id: leaf.event,
      position: index + 1,
      sequence: index,
      recorded_at,
      actor: leaf.actor,
      // The vectors' metadata name no command.
      action: null as unknown as string,
      event_type: leaf.type,
      target_type: 'cluster',
      target_id: leaf.stream,
      revision: Number(leaf.revision),
      outcome: 'succeeded',
      reason: null,
      change_request: null,
      caused_by: null,
      request_id: null,
      trace_id: metadata.trace_id,
      origin: null,
      summary: 'something happened',
      before: null,
      after: null,
      payload: (event.payload ? JSON.parse(event.payload) : {}) as never,
      leaf_hash: event.leaf_hash,
    },
  };
}
