/**
 * Verifies the proof of an entry as replay-tools/FORMAT.md tells it, step by step, and says of each what it found.
 *
 * Nothing here knows the hub: it gets texts, and a key from whoever wants to know.
 */
import { Bad, type Bytes, equal, hex } from './bytes';
import { compare, type Entry, type Member } from './compare';
import type { Engine } from './engine';
import { type Leaf, readLeaf } from './leaf';
import { type Checkpoint, checkSignature, isOf, type Key, learn, type Note, readCheckpoint, readKey, readNote } from './note';
import { type Proof, readProof } from './proof';
import { climb, type Joining, leafHash } from './tree';
import { MEANING, TITLE } from './words';

export type StepName = 'read' | 'payload' | 'metadata' | 'entry' | 'leaf' | 'path' | 'root' | 'checkpoint' | 'key' | 'signature';

export interface Hashes {
  of: string;
  computed: string;
  expected: string;
}

export interface Step {
  name: StepName;
  title: string;
  /** `skipped`: it could not be done, for something before it failed. */
  status: 'holds' | 'fails' | 'skipped';
  /** What was wrong, and what that means. */
  fault?: string;
  meaning?: string;
  hashes?: Hashes;
}

export interface Report {
  steps: Step[];
  proven: boolean;
  /** Whose key: one that the person holds, or what the hub says of itself. */
  trust: 'held' | 'hub';
  key: string | undefined;
  members: Member[];
  way: Joining[];
  leafHash: Bytes | undefined;
  leaf: Leaf | undefined;
  proof: Proof | undefined;
  checkpoint: Checkpoint | undefined;
  hashesBy: string;
  signaturesBy: string;
}

export interface Question {
  /** The answer of the proof route, as it came. */
  text: string;
  /** What the page shows. */
  entry: Entry;
  /** A verifier key that the person got elsewhere. */
  held?: string;
  /** Rotations of signing keys, as the hub tells them; believed only when both keys have signed them. */
  rotations?: readonly string[];
}

export async function verify(engine: Engine, { text, entry, held, rotations = [] }: Question): Promise<Report> {
  const steps: Step[] = [];
  /** Does one step; `needs` is what it cannot do without. */
  const step = async <T>(name: StepName, needs: readonly unknown[], run: () => T | Promise<T>, hashes?: () => Hashes): Promise<T | undefined> => {
    const title = TITLE[name];
    if (needs.includes(undefined)) {
      steps.push({ name, title, status: 'skipped' });
      return undefined;
    }
    try {
      const found = await run();
      steps.push({ name, title, status: 'holds', ...(hashes ? { hashes: hashes() } : {}) });
      return found;
    } catch (cause) {
      if (!(cause instanceof Bad)) throw cause;
      steps.push({ name, title, status: 'fails', fault: cause.message, meaning: MEANING[name], ...(hashes && cause instanceof Differs ? { hashes: hashes() } : {}) });
      return undefined;
    }
  };
  const same = (of: string, computed: Bytes | undefined, expected: Bytes | undefined, fault: string) => {
    const hashes = () => ({ of, computed: computed ? hex(computed) : '', expected: expected ? hex(expected) : '' });
    const run = () => {
      if (!computed || !expected || !equal(computed, expected)) throw new Differs(fault);
      return true;
    };
    return { run, hashes };
  };

  const read = await step('read', [], () => {
    const proof = readProof(text);
    const leaf = readLeaf(proof.leaf);
    if (leaf.sequence !== proof.sequence) throw new Bad('The proof is for another place in the ledger than its leaf.');
    return { proof, leaf };
  });
  const { proof, leaf } = read ?? {};
  const hash = proof && (await leafHash(engine, proof.leaf));

  for (const name of ['payload', 'metadata'] as const) {
    const of = name === 'payload' ? 'the body' : 'the circumstances';
    const check = same(of, proof && (await engine.sha256(proof[name])), leaf?.[name], 'The hash of these bytes is not the one that the leaf names.');
    await step(name, [proof], check.run, check.hashes);
  }

  let members: Member[] = [];
  await step('entry', [proof, leaf, hash], () => {
    if (!proof || !leaf || !hash) return;
    members = compare(entry, leaf, hash, proof.metadata, proof.payload);
    const other = members.filter((one) => !one.same).map((one) => one.name);
    if (other.length > 0) throw new Bad(`What this page shows differs from what was hashed: ${other.join(', ')}.`);
  });

  const own = same('the leaf', hash, hexOrNone(entry.leaf_hash), 'The hash of the leaf is not the one that the entry shows.');
  await step('leaf', [hash], own.run, own.hashes);

  // Read before it is believed: who signed it is asked below.
  let note: Note | undefined;
  let checkpoint: Checkpoint | undefined;
  let unread: unknown;
  try {
    note = proof && readNote(proof.checkpoint);
    checkpoint = note && readCheckpoint(note);
  } catch (cause) {
    if (!(cause instanceof Bad)) throw cause;
    unread = cause;
  }

  const way = await step('path', [hash, checkpoint], () => (hash && checkpoint && leaf && proof ? climb(engine, hash, leaf.sequence, checkpoint.size, proof.hashes) : []));
  const top = way && (way.at(-1)?.made ?? hash);
  const root = same('the whole ledger (the root)', top, checkpoint?.root, 'The way up from this entry ends at another root than the checkpoint names.');
  await step('root', [top, checkpoint], root.run, root.hashes);

  await step('checkpoint', [proof], () => {
    if (unread) throw unread;
    if (checkpoint?.tenant !== leaf?.tenant) throw new Bad('The checkpoint is for the ledger of another tenant than the entry.');
  });

  const trust = held === undefined ? 'hub' : 'held';
  let named: string | undefined = held;
  const keys = await step('key', [proof], async () => {
    if (!proof) return [];
    named ??= proof.verifierKey;
    let believed: Key[] = [await readKey(engine, named.trim())];
    for (const rotation of rotations) believed = [...believed, ...(await learn(engine, rotation, believed))];
    const said = await readKey(engine, proof.verifierKey);
    if (!believed.some((key) => equal(key.public, said.public))) throw new Bad('The key that the hub names is not the key that you hold.');
    if (checkpoint) {
      believed = believed.filter((key) => isOf(key, checkpoint));
      if (believed.length === 0) throw new Bad('The key is for another ledger than the one that the checkpoint names as its origin.');
    }
    return believed;
  });

  await step('signature', [note, checkpoint, keys], async () => {
    if (!note || !checkpoint || !keys) return;
    let refused: unknown;
    for (const key of keys) {
      try {
        return await checkSignature(engine, note, key, checkpoint.origin);
      } catch (cause) {
        refused ??= cause;
      }
    }
    throw refused;
  });

  return {
    steps,
    proven: steps.every((one) => one.status === 'holds'),
    trust,
    key: named,
    members,
    way: way ?? [],
    leafHash: hash,
    leaf,
    proof,
    checkpoint,
    hashesBy: engine.hashesBy,
    signaturesBy: engine.signaturesBy,
  };
}

/** Two hashes differ: both are shown. */
class Differs extends Bad {}

function hexOrNone(text: string): Bytes | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)) : undefined;
}
