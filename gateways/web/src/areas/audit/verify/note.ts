/** Verifier keys, signed notes and checkpoints (C2SP signed-note, tlog-checkpoint). */
import { Bad, base64, type Bytes, concat, equal, hex, unbase64, utf8 } from './bytes';
import type { Engine } from './engine';

const LONGEST = 16 * 1024;
const SIGNATURES = 64;
const ED25519 = Uint8Array.of(1);
const LINE_FEED = Uint8Array.of(10);

/** A key that checkpoints are verified with: `NAME+ID+BASE64`. */
export interface Key {
  name: string;
  public: Bytes;
}

export interface Signature {
  name: string;
  id: Bytes;
  bytes: Bytes;
}

export interface Note {
  /** What was signed. */
  text: string;
  signatures: Signature[];
}

export interface Checkpoint {
  origin: string;
  /** The tenant that the origin names. */
  tenant: string;
  size: bigint;
  root: Bytes;
}

function checkName(name: string) {
  const { length } = utf8(name);
   
  if (length < 1 || length > 255 || /[+\s\u0000-\u001f\u007f-\u009f\u0085]/u.test(name)) {
    throw new Bad('The name of a key has 1 to 255 bytes, and neither spaces nor +.');
  }
}

/** The first four bytes of SHA-256(NAME || 0x0A || 0x01 || public key). */
export async function keyId({ sha256 }: Pick<Engine, 'sha256'>, name: string, key: Bytes): Promise<Bytes> {
  return (await sha256(concat(utf8(name), LINE_FEED, ED25519, key))).slice(0, 4);
}

export async function readKey(engine: Pick<Engine, 'sha256'>, text: string): Promise<Key> {
  // Base64 may hold plus signs, a name may not.
  const parts = /^([^+]*)\+([^+]*)\+(.*)$/.exec(text);
  if (!parts) throw new Bad('A verifier key reads NAME+ID+BASE64.');
  const [name, id, data] = [parts[1] ?? '', parts[2] ?? '', unbase64(parts[3] ?? '')];
  checkName(name);
  if (data.length !== 33 || data[0] !== 1) throw new Bad('This is not an Ed25519 key of a log.');
  const key = { name, public: data.slice(1) };
  if (hex(await keyId(engine, name, key.public)) !== id) throw new Bad('The id of the key does not fit its name and bytes: it was mistyped or altered.');
  return key;
}

export async function writeKey(engine: Pick<Engine, 'sha256'>, key: Key): Promise<string> {
  return `${key.name}+${hex(await keyId(engine, key.name, key.public))}+${base64(concat(ED25519, key.public))}`;
}

export function readNote(note: string): Note {
  if (utf8(note).length > LONGEST) throw new Bad('The note is too long.');
   
  if (!note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(note)) {
    throw new Bad('The note is not made of lines of printable characters.');
  }
  const cut = note.lastIndexOf('\n\n');
  if (cut < 0) throw new Bad('No empty line stands between the text of the note and its signatures.');
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2).split('\n').slice(0, -1);
  if (text === '\n' || lines.length < 1 || lines.length > SIGNATURES) throw new Bad('The note has no text, no signature, or too many of them.');
  return { text, signatures: lines.map(readSignature) };
}

function readSignature(line: string): Signature {
  const parts = line.split(' ');
  const [dash, name, blob] = parts;
  if (parts.length !== 3 || dash !== '\u2014' || name === undefined || blob === undefined) throw new Bad('A line of the note is no signature.');
  checkName(name);
  const bytes = unbase64(blob);
  if (bytes.length < 5) throw new Bad('A line of the note is no signature.');
  return { name, id: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

export function readCheckpoint({ text }: Note): Checkpoint {
  const lines = text.slice(0, -1).split('\n');
  const [origin, size, root] = lines;
  if (origin === undefined || size === undefined || root === undefined || lines.includes('')) throw new Bad('The checkpoint does not have its three lines.');
  if (!/^(0|[1-9][0-9]{0,19})$/.test(size) || BigInt(size) >= 1n << 64n) throw new Bad('The size in the checkpoint cannot be read.');
  const bytes = unbase64(root);
  if (bytes.length !== 32) throw new Bad('The root in the checkpoint cannot be read.');
  const tenant = /.\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(origin)?.[1];
  if (tenant === undefined) throw new Bad('The checkpoint names no tenant\u2019s ledger.');
  return { origin, tenant, size: BigInt(size), root: bytes };
}

/** Whether the key is for checkpoints of this origin: by its own name, or as the hub's key for the tenant below it. */
export function isOf(key: Key, { origin, tenant }: Checkpoint): boolean {
  return key.name === origin || `${key.name}/${tenant}` === origin;
}

/** Refuses unless the key has signed the note, under this name, exactly once. */
export async function checkSignature(engine: Engine, note: Note, key: Key, name: string): Promise<void> {
  const id = await keyId(engine, name, key.public);
  const own = note.signatures.filter((one) => one.name === name && equal(one.id, id));
  if (own.length === 0) throw new Bad('The note carries no signature of this key.');
  const [signature] = own;
  if (!signature || own.length > 1) throw new Bad('The note carries two signatures of this key: one of them is not its owner\u2019s.');
  if (!(await engine.signed(key.public, utf8(note.text), signature.bytes))) throw new Bad('The signature does not fit the text of the checkpoint.');
}

/** The keys that are believed once a rotation, signed by an old one and a new one, has been read; whatever does not hold changes nothing. */
export async function learn(engine: Engine, rotation: string, believed: readonly Key[]): Promise<Key[]> {
  try {
    const note = readNote(rotation);
    const lines = note.text.split('\n');
    if (lines.length !== 4 || lines[0] !== 'clustermaster signing key rotation/1') return [];
    const [from, to] = [await readKey(engine, lines[1] ?? ''), await readKey(engine, lines[2] ?? '')];
    if (from.name !== to.name || equal(from.public, to.public)) return [];
    await checkSignature(engine, note, from, from.name);
    await checkSignature(engine, note, to, to.name);
    return believed
      .filter((key) => equal(key.public, from.public) && (key.name === from.name || key.name.startsWith(`${from.name}/`)))
      .map((key) => ({ name: key.name, public: to.public }));
  } catch (cause) {
    if (cause instanceof Bad) return [];
    throw cause;
  }
}
