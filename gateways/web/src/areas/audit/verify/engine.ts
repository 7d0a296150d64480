/**
 * SHA-256 and Ed25519, by the browser (WebCrypto) where it has them. It has no `crypto.subtle` on a page that came over plain http from another
 * machine, and older ones have no Ed25519: then by the @noble libraries, which are loaded for that alone.
 */
import { type Bytes, unhex } from './bytes';

export interface Engine {
  sha256: (bytes: Bytes) => Promise<Bytes>;
  /** Strict: neither the key nor the signature's point may be of small order. */
  signed: (key: Bytes, message: Bytes, signature: Bytes) => Promise<boolean>;
  /** What computes, for people. */
  hashesBy: string;
  signaturesBy: string;
}

const BROWSER = 'the browser itself (WebCrypto)';

export async function engine(subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): Promise<Engine> {
  const [hashing, signing] = [subtle ? hashBrowser(subtle) : await hashNoble(), subtle && (await hasEd25519(subtle)) ? signBrowser(subtle) : await signNoble(subtle !== undefined)];
  return {
    sha256: hashing.run,
    signed: async (key, message, signature) => sound(key, signature) && (await signing.run(key, message, signature)),
    hashesBy: hashing.by,
    signaturesBy: signing.by,
  };
}

function hashBrowser(subtle: SubtleCrypto) {
  return { by: BROWSER, run: async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await subtle.digest('SHA-256', bytes)) };
}

async function hashNoble() {
  const { sha256 } = await import('@noble/hashes/sha2.js');
  return { by: 'the library @noble/hashes', run: async (bytes: Bytes): Promise<Bytes> => new Uint8Array(sha256(bytes)) };
}

function signBrowser(subtle: SubtleCrypto) {
  const run = async (key: Bytes, message: Bytes, signature: Bytes) => {
    try {
      return await subtle.verify('Ed25519', await subtle.importKey('raw', key, 'Ed25519', false, ['verify']), signature, message);
    } catch {
      // The bytes are no point of the curve.
      return false;
    }
  };
  return { by: BROWSER, run };
}

async function signNoble(hashed: boolean) {
  const ed25519 = await import('@noble/ed25519');
  if (!hashed) ed25519.hashes.sha512 = (await import('@noble/hashes/sha2.js')).sha512;
  const run = async (key: Bytes, message: Bytes, signature: Bytes) => {
    try {
      return hashed ? await ed25519.verifyAsync(signature, message, key, { zip215: false }) : ed25519.verify(signature, message, key, { zip215: false });
    } catch {
      return false;
    }
  };
  return { by: 'the library @noble/ed25519', run };
}

/** RFC 8032, section 7.1, test 1: whoever says yes to it, and no to another message, can verify. */
async function hasEd25519(subtle: SubtleCrypto): Promise<boolean> {
  const key = unhex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const signature = unhex(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  const { run } = signBrowser(subtle);
  return (await run(key, new Uint8Array(), signature)) && !(await run(key, new Uint8Array(1), signature));
}

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The y of the points of order 8; those of orders 1, 2 and 4 have 1, -1 and 0. */
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL = new Set([0n, 1n, P - 1n, ORDER_8, P - ORDER_8]);

function littleEndian(bytes: Bytes): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Whether key and point are written in the one way that they can be, and are of large order; and the scalar is below the order. */
function sound(key: Bytes, signature: Bytes): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const large = (point: Bytes) => {
    const y = littleEndian(point) & ((1n << 255n) - 1n);
    return y < P && !SMALL.has(y);
  };
  return large(key) && large(signature.slice(0, 32)) && littleEndian(signature.slice(32)) < ORDER;
}
