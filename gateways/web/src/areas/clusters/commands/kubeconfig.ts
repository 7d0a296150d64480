/**
 * A kubeconfig as it is read in the browser: its contexts, and what the hub would refuse of each, at its line. The hub judges again;
 * this only tells earlier. Nothing that is said here holds a value of the file but for names and addresses.
 */
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';

export const LARGEST = 1 << 20;

/** A member that stands in the way. */
export interface Trouble {
  line?: number;
  member: string;
  rule: string;
  /** The hub's setting that allows it after all. */
  setting?: string;
}

export interface Context {
  name: string;
  cluster: string;
  /** Scheme, host and port; nothing else of an address is shown. */
  server: string;
  user: string;
  troubles: Trouble[];
}

export interface Reading {
  contexts: Context[];
  /** The current context, where it is one of them. */
  current?: string;
  bytes: number;
}

export type Read = { reading: Reading; trouble?: undefined } | { reading?: undefined; trouble: Trouble };

type Members = Record<string, unknown>;
type Path = (string | number)[];

const FILES = 'The hub reads no files. Put the data itself there: `kubectl config view --flatten --raw` does.';
const EXEC = 'The hub runs no programs. Use the token of a service account instead.';
const BASIC = 'Kubernetes knows no passwords any more. Use a token or a client certificate.';
const IMPERSONATION = 'The hub does not impersonate. Use the credentials of the account that is meant.';
const USER: [string, string][] = [
  ['exec', EXEC],
  ['auth-provider', EXEC],
  ['tokenFile', FILES],
  ['client-certificate', FILES],
  ['client-key', FILES],
  ['username', BASIC],
  ['password', BASIC],
  ['as', IMPERSONATION],
  ['as-uid', IMPERSONATION],
  ['as-groups', IMPERSONATION],
  ['as-user-extra', IMPERSONATION],
];
const CLUSTER: [string, string][] = [
  ['certificate-authority', FILES],
  ['proxy-url', 'The hub uses no proxies: it has to reach the API server itself.'],
];

const object = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const member = (value: unknown, name: string) => (object(value) && Object.hasOwn(value, name) ? value[name] : undefined);
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
/** kubectl writes some members empty. */
const says = (value: unknown) =>
  value !== undefined && value !== null && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);

/** For showing: what cannot be seen, or turns the text around, is spelled out. */
export function shown(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

export function readKubeconfig(source: string): Read {
  const bytes = new TextEncoder().encode(source).length;
  if (source.trim() === '') return { trouble: { member: '', rule: 'There is nothing in it.' } };
  if (bytes > LARGEST) return { trouble: { member: '', rule: 'It is larger than 1 MiB: this is no kubeconfig that the hub takes.' } };
  const lines = new LineCounter();
  let document: Document.Parsed;
  let config: unknown;
  try {
    // Its own words quote the file: they are not asked for.
    document = parseDocument(source, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    const error = document.errors[0];
    if (error) {
      const line = lines.linePos(error.pos[0]).line;
      return { trouble: { line, member: '', rule: SYNTAX[error.code] ?? 'This can be read neither as YAML nor as JSON.' } };
    }
    config = document.toJS({ maxAliasCount: 100 });
  } catch {
    return { trouble: { member: '', rule: 'It is nested too deeply, or repeats itself too often, to be read.' } };
  }
  if (!object(config))
    return { trouble: { line: 1, member: '', rule: 'This is no kubeconfig: `clusters`, `users` and `contexts` are missing.' } };
  const kubeconfig = config;
  const at = (path: Path) => lineOf(document, lines, path);
  const named = new Map<string, Context>();
  for (const [nth, entry] of list(member(kubeconfig, 'contexts')).entries()) {
    const name = text(member(entry, 'name'));
    // Of two with one name the hub takes the first.
    if (name === undefined || named.has(name)) continue;
    named.set(name, context(kubeconfig, name, nth, at));
  }
  const contexts = [...named.values()];
  if (contexts.length === 0) {
    const line = at(['contexts']);
    return {
      trouble: {
        ...(line ? { line } : {}),
        member: 'contexts',
        rule: 'There is no context in it: the hub cannot tell which cluster is meant.',
      },
    };
  }
  const current = text(member(kubeconfig, 'current-context'));
  return { reading: { contexts, bytes, ...(current !== undefined && named.has(current) ? { current } : {}) } };
}

const SYNTAX: Record<string, string> = {
  MULTIPLE_DOCS: 'A second document begins here: the hub takes one.',
  DUPLICATE_KEY: 'This member stands there twice.',
  BAD_INDENT: 'The indentation is wrong here.',
  TAB_AS_INDENT: 'There is a tab in the indentation here: YAML wants spaces.',
};

function context(config: Members, name: string, nth: number, at: (path: Path) => number | undefined): Context {
  const troubles: Trouble[] = [];
  const trouble = (path: Path, rule: string, setting?: string) => {
    const line = at(path);
    troubles.push({ member: path.join('.'), rule, ...(line === undefined ? {} : { line }), ...(setting ? { setting } : {}) });
  };
  const inner = member(list(member(config, 'contexts'))[nth], 'context');
  const found = (kind: 'cluster' | 'user'): { name: string; path: Path; value: Members } | undefined => {
    const wanted = text(member(inner, kind));
    if (wanted === undefined) {
      trouble(['contexts', nth, 'context'], `The context names no ${kind}.`);
      return undefined;
    }
    const entries = list(member(config, `${kind}s`));
    const which = entries.findIndex((entry) => member(entry, 'name') === wanted);
    const value = member(entries[which], kind);
    if (object(value)) return { name: wanted, path: [`${kind}s`, which, kind], value };
    trouble(['contexts', nth, 'context', kind], `There is no ${kind} of this name in the file.`);
    return { name: wanted, path: [], value: {} };
  };
  const refuse = (one: { path: Path; value: Members }, rules: [string, string][]) => {
    for (const [key, rule] of rules) if (says(member(one.value, key))) trouble([...one.path, key], rule);
  };
  const cluster = found('cluster');
  const user = found('user');
  let server = '';
  if (cluster && cluster.path.length > 0) {
    refuse(cluster, CLUSTER);
    if (member(cluster.value, 'insecure-skip-tls-verify') === true) {
      const rule = 'The API server’s certificate would not be verified. Use `certificate-authority-data`.';
      trouble([...cluster.path, 'insecure-skip-tls-verify'], rule, 'CLUSTERMASTER_KUBERNETES_ALLOW_INSECURE_TLS');
    }
    const judged = address(text(member(cluster.value, 'server')));
    server = judged.shown;
    if (judged.rule) trouble([...cluster.path, 'server'], judged.rule, judged.setting);
  }
  if (user && user.path.length > 0) {
    const before = troubles.length;
    refuse(user, USER);
    const [certificate, key] = [says(member(user.value, 'client-certificate-data')), says(member(user.value, 'client-key-data'))];
    if (certificate !== key) trouble(user.path, 'A client certificate and its key come together, and one of them is missing.');
    else if (!certificate && !says(member(user.value, 'token')) && troubles.length === before) {
      trouble(user.path, 'There are no credentials: a token, or a client certificate with its key.');
    }
    const token = member(user.value, 'token');
    if (typeof token === 'string' && !/^[!-~]*$/.test(token))
      trouble([...user.path, 'token'], 'A token holds visible ASCII characters only.');
    if (says(token) && typeof token !== 'string') trouble([...user.path, 'token'], 'The token must be a text: put it in quotes.');
  }
  if (new TextEncoder().encode(name).length > 253) trouble(['contexts', nth, 'name'], 'The name of a context has at most 253 characters.');
  return { name, cluster: cluster?.name ?? '', user: user?.name ?? '', server, troubles };
}

function address(server: string | undefined): { shown: string; rule?: string; setting?: string } {
  const wanted = 'The server must be an address such as https://HOST:PORT.';
  if (server === undefined) return { shown: '', rule: wanted };
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    return { shown: '', rule: wanted };
  }
  const known = { shown: `${url.protocol}//${url.host}` };
  if (url.username || url.password) return { ...known, rule: 'The address must not hold a user.' };
  if (url.search) return { ...known, rule: 'The address must not hold a query.' };
  if (url.protocol === 'http:') {
    return {
      ...known,
      rule: 'Credentials would travel in the clear: the server must begin with https://.',
      setting: 'CLUSTERMASTER_KUBERNETES_ALLOW_PLAINTEXT',
    };
  }
  return url.protocol === 'https:' ? known : { ...known, rule: wanted };
}

/** Where a member is named; where it is not, where the nearest one around it is. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const key = isMap(parent) ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === last)?.key : undefined;
    const node = (key ?? document.getIn(path.slice(0, length), true)) as { range?: [number, number, number] | null } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

/** Whether an import by this context is certainly refused. */
export function refused(context: Context): boolean {
  return context.troubles.some((trouble) => trouble.setting === undefined);
}
