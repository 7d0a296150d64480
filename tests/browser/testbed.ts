/** The program that starts a hub and all around it, as `testbed/` builds it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Surroundings {
  /** Clusters written into the ledger before the hub starts; they are made up, and looked at by nobody. */
  clusters?: number;
  /** Days over which their history goes back. */
  days?: number;
  /** The path below which the hub serves. */
  prefix?: string;
}

interface Said {
  position: number;
  url: string;
  email: string;
  password: string;
  exports: string;
}

export class Testbed {
  /** Where the browser finds the hub: over a network that can be cut. */
  readonly url: string;
  readonly email: string;
  readonly password: string;
  /** The folder below which exports to files are written. */
  readonly exports: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #before: Promise<unknown> = Promise.resolve();
  #token: string | undefined;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, said: Said) {
    this.#child = child;
    this.#lines = lines;
    this.url = said.url;
    this.email = said.email;
    this.password = said.password;
    this.exports = said.exports;
  }

  static async start(surroundings: Surroundings = {}): Promise<Testbed> {
    const options = Object.entries(surroundings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn(program('testbed'), options, { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint = `${complaint}${text.toString()}`.slice(-4000)));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error(`the testbed ended: ${complaint}`);
    const said = JSON.parse(first.value) as Said;
    const bed = new Testbed(child, lines, said);
    // What was written before the hub began is in its read models from here on.
    for (const model of ['audit-logs', 'clusters']) await bed.api(`${model}?limit=1&min_position=${said.position}`);
    return bed;
  }

  /** Gives an order, and waits until it is done. */
  order(what: string, details: Record<string, unknown> = {}): Promise<unknown> {
    const next = this.#before.then(async () => {
      this.#child.stdin.write(`${JSON.stringify({ do: what, ...details })}\n`);
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the testbed ended while it was told to ${what}`);
      const answer = JSON.parse(value) as { ok?: unknown; failed?: string };
      if (answer.failed !== undefined) throw new Error(`${what}: ${answer.failed}`);
      return answer.ok;
    });
    this.#before = next.catch(() => undefined);
    return next;
  }

  /** A Kubernetes control plane with one ready node; its kubeconfig. */
  async kubernetes(name: string): Promise<string> {
    const kubeconfig = (await this.order('kubernetes_start', { name })) as string;
    await this.order('node', { cluster: name, node: 'worker-1', ready: true });
    return kubeconfig;
  }

  /** Asks the API, beside the browser. */
  async api<T>(path: string, init: RequestInit = {}): Promise<T> {
    this.#token ??= await this.#signIn();
    const headers = { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json', ...(init.headers as Record<string, string>) };
    const answer = await fetch(`${this.url}/api/v1/${path}`, { ...init, headers });
    if (answer.status === 401) {
      this.#token = undefined;
      return this.api(path, init);
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** How often an event of this type stands in the ledger. */
  async recorded(type: string): Promise<number> {
    return (await this.api<unknown[]>(`audit-logs?event_type=${type}&limit=500`)).length;
  }

  /** Imports a cluster, beside the browser. */
  async import(name: string, kubeconfig: string, labels: Record<string, string> = {}): Promise<{ id: string }> {
    const body = JSON.stringify({ name, provider: 'on_premises', region: 'lab', labels, credentials: { kubeconfig } });
    return this.api('clusters', { method: 'POST', body, headers: { 'Idempotency-Key': crypto.randomUUID() } });
  }

  async #signIn(): Promise<string> {
    const answer = await fetch(`${this.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: this.email, password: this.password }),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await ended;
  }
}

/** A program of the workspace, as it was built. */
export function program(name: string): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const target = process.env['CARGO_TARGET_DIR'] ?? join(cache, 'clustermaster/target');
  const path = join(process.env['CLUSTERMASTER_BIN_DIR'] ?? join(target, 'debug'), name);
  if (!existsSync(path)) throw new Error(`there is no ${path}: build it with 'cargo build --workspace --bins'`);
  return path;
}

/** Whether a Kubernetes control plane can be had here; where skips are forbidden it has to be. */
export function kubernetesIsHere(): boolean {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets && existsSync(join(assets, 'kube-apiserver'))) return true;
  const missing = 'no Kubernetes here: set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd (setup-envtest)';
  if (process.env['CLUSTERMASTER_FORBID_SKIPS']) throw new Error(missing);
  console.log(`SKIP: ${missing}`);
  return false;
}
