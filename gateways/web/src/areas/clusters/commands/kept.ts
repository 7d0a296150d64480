/**
 * A secret in memory. Whatever is made of it by accident (JSON, a text, a log line) says which one it is, and nothing of it;
 * once it is wiped nothing is left.
 */
let serial = 0;

export class Kept {
  #text: string;
  readonly #name: string;

  constructor(text: string) {
    this.#text = text;
    this.#name = `kubeconfig ${++serial}`;
  }

  read(): string {
    return this.#text;
  }

  wipe(): void {
    this.#text = '';
  }

  toJSON(): string {
    return this.#name;
  }

  toString(): string {
    return this.#name;
  }
}
