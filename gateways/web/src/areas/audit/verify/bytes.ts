/** Bytes, and the two ways in which they are written. */

export type Bytes = Uint8Array<ArrayBuffer>;

/** Something does not hold. Its message is for people. */
export class Bad extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The text, or `undefined` where the bytes are not UTF-8. */
export function textOf(bytes: Bytes): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function hex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function unhex(text: string): Bytes {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Bad('A hash is not written in lowercase hex digits.');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Base64 (RFC 4648, section 4, with padding), written in the one way in which it can be. */
export function unbase64(text: string): Bytes {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new Bad('A text is not base64.');
  }
  if (btoa(binary) !== text) throw new Bad('A text is not base64 as it is written.');
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

export function base64(bytes: Bytes): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

export function concat(...parts: Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function equal(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** A UUID as it is usually written. */
export function uuid(bytes: Bytes): string {
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Reads fields one after another. */
export class Reader {
  #at = 0;
  readonly #bytes: Bytes;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  take(count: number): Bytes {
    if (this.#at + count > this.#bytes.length) throw new Bad('The leaf ends too early.');
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  /** Unsigned, big-endian. */
  number(count: number): bigint {
    return this.take(count).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  text(): string {
    const text = textOf(this.take(Number(this.number(2))));
    if (text === undefined) throw new Bad('A text of the leaf is not UTF-8.');
    return text;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}
