// @vitest-environment node
import * as ed25519 from '@noble/ed25519';
import { describe, expect, it } from 'vitest';

import { concat, hex, utf8 } from './bytes';
import { engine } from './engine';

const subtle = crypto.subtle;
/** A browser without Ed25519: it has hashes alone. */
const older = { digest: (...given: Parameters<SubtleCrypto['digest']>) => subtle.digest(...given), importKey: () => Promise.reject(new DOMException('no', 'NotSupportedError')) } as unknown as SubtleCrypto;

const secret = new Uint8Array(32).fill(7);
const key = new Uint8Array(ed25519.getPublicKeyAsync ? await ed25519.getPublicKeyAsync(secret) : []);
const message = utf8('what was signed');
const signature = new Uint8Array(await ed25519.signAsync(message, secret));

describe.each([
  ['the browser', subtle, /WebCrypto/, /WebCrypto/],
  ['a browser without Ed25519', older, /WebCrypto/, /noble\/ed25519/],
  ['a page without crypto.subtle', undefined, /noble\/hashes/, /noble\/ed25519/],
])('by %s', (_name, given, hashes, signatures) => {
  // `undefined` would be the default.
  const made = () => engine(given ?? (null as unknown as undefined));

  it('says what computes', async () => {
    const { hashesBy, signaturesBy } = await made();
    expect(hashesBy).toMatch(hashes);
    expect(signaturesBy).toMatch(signatures);
  });

  it('hashes', async () => {
    expect(hex(await (await made()).sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('verifies a signature, and refuses each that was altered', async () => {
    const { signed } = await made();
    expect(await signed(key, message, signature)).toBe(true);
    expect(await signed(key, utf8('what was not'), signature)).toBe(false);
    for (const at of [0, 31, 32, 63]) expect(await signed(key, message, signature.map((byte, nth) => (nth === at ? byte ^ 1 : byte)))).toBe(false);
    expect(await signed(key.map((byte) => byte ^ 255), message, signature)).toBe(false);
    expect(await signed(key, message, signature.slice(1))).toBe(false);
  });

  it('refuses keys and points of small order, with which a signature of anything can be made', async () => {
    const { signed } = await made();
    const { Point } = ed25519;
    const order8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', true);
    for (let small = order8, nth = 1; nth <= 8; small = small.add(order8), nth++) {
      const point = new Uint8Array(small.toBytes());
      // Whatever the message: 0 = R + h·A for R and A of small order, in one of eight tries.
      const forged = concat(point, new Uint8Array(32));
      for (let tries = 0; tries < 16; tries++) expect(await signed(point, Uint8Array.of(tries), forged)).toBe(false);
      expect(await signed(key, message, concat(point, signature.slice(32)))).toBe(false);
    }
  });
});
