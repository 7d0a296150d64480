/** The proof of an entry, `clustermaster-proof/1`: read strictly, so that two readers never see two things in it. */
import { Bad, type Bytes, unbase64, unhex } from './bytes';

export interface Proof {
  sequence: bigint;
  leaf: Bytes;
  metadata: Bytes;
  payload: Bytes;
  hashes: Bytes[];
  checkpoint: string;
  /** What the hub says that it is verified with: not to be believed. */
  verifierKey: string;
}

const FORMAT = 'clustermaster-proof/1';
const LONGEST = 4 << 20;
const MEMBERS = ['format', 'sequence', 'leaf', 'metadata', 'payload', 'hashes', 'checkpoint', 'verifier_key'];
/** The tokens of the only JSON that a proof is made of. */
 
const TOKEN = /[ \t\r\n]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(0|[1-9][0-9]{0,19})(?![0-9.eE])|([{}[\],:]))[ \t\r\n]*/y;

type Value = string | bigint | string[];

/** The members of an object of texts, whole numbers and lists of texts. `JSON.parse` would pass over a member that stands twice. */
function members(json: string): Map<string, Value> {
  const none = new Bad('The answer is not a proof: its JSON cannot be read.');
  let at = 0;
  const next = (): string | bigint | { sign: string } => {
    TOKEN.lastIndex = at;
    const [all, text, number, sign] = TOKEN.exec(json) ?? [];
    if (all === undefined) throw none;
    at += all.length;
    return text !== undefined ? (JSON.parse(text) as string) : number !== undefined ? BigInt(number) : { sign: sign ?? '' };
  };
  const sign = (wanted: string) => {
    const token = next();
    if (typeof token !== 'object' || !wanted.includes(token.sign)) throw none;
    return token.sign;
  };
  const text = () => {
    const token = next();
    if (typeof token !== 'string') throw none;
    return token;
  };
  const list = () => {
    const found: string[] = [];
    const before = at;
    const first = next();
    if (typeof first === 'object' && first.sign === ']') return found;
    at = before;
    do found.push(text());
    while (sign(',]') === ',');
    return found;
  };
  const found = new Map<string, Value>();
  sign('{');
  do {
    const name = text();
    sign(':');
    const value = next();
    if (found.has(name)) throw new Bad('A member of the proof stands twice.');
    if (typeof value === 'object' && value.sign !== '[') throw none;
    found.set(name, typeof value === 'object' ? list() : value);
  } while (sign(',}') === ',');
  if (at !== json.length) throw none;
  return found;
}

export function readProof(json: string): Proof {
  if (json.length > LONGEST) throw new Bad('The answer is longer than any proof.');
  const found = members(json);
  if (found.size !== MEMBERS.length || !MEMBERS.every((name) => found.has(name)) || found.get('format') !== FORMAT) {
    throw new Bad(`The answer is not of format ${FORMAT}.`);
  }
  const text = (name: string) => {
    const value = found.get(name);
    // Half a character has no bytes.
    if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) throw new Bad(`The member ${name} of the proof is no text.`);
    return value;
  };
  const [sequence, hashes] = [found.get('sequence'), found.get('hashes')];
  if (typeof sequence !== 'bigint' || sequence >= 1n << 64n) throw new Bad('The sequence in the proof is no number.');
  if (!Array.isArray(hashes) || !hashes.every((one) => /^[0-9a-f]{64}$/.test(one))) throw new Bad('A hash in the proof is not 64 lowercase hex digits.');
  return {
    sequence,
    leaf: unbase64(text('leaf')),
    metadata: unbase64(text('metadata')),
    payload: unbase64(text('payload')),
    hashes: hashes.map(unhex),
    checkpoint: text('checkpoint'),
    verifierKey: text('verifier_key'),
  };
}
