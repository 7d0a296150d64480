/** An export as somebody types it, and what is sent of it. */
import type { Schemas } from '../../../api/client';
import type { Why } from '../../../kit/command';
import type { Kind } from '../parts/words';
import type { Format, Transport } from '../queries';

export interface Draft {
  name: string;
  kind: Kind;
  address: string;
  url: string;
  /** Of Splunk, Elasticsearch. */
  index: string;
  acknowledge: boolean;
  file: string;
  mebibytes: string;
  keep: string;
  brokers: string;
  topic: string;
  sasl: '' | 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** Where the protocol leaves the choice. */
  tls: boolean;
  ca: string;
  serverName: string;
  /** How Elasticsearch is signed in to. */
  signIn: 'none' | 'token' | 'password';
  token: string;
  username: string;
  password: string;
  signingKey: string;
  format: Format;
  actions: string;
  targets: string;
  outcomes: readonly string[];
  start: 'now' | 'beginning' | 'position';
  position: string;
}

export const EMPTY: Draft = {
  name: '',
  kind: 'syslog',
  address: '',
  url: '',
  index: '',
  acknowledge: false,
  file: '',
  mebibytes: '100',
  keep: '10',
  brokers: '',
  topic: '',
  sasl: '',
  tls: true,
  ca: '',
  serverName: '',
  signIn: 'none',
  token: '',
  username: '',
  password: '',
  signingKey: '',
  format: 'ocsf',
  actions: '',
  targets: '',
  outcomes: [],
  start: 'now',
  position: '',
};

/** `a, b` or a line each. */
export function names(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

function tlsOf(draft: Draft): Schemas['ExportTls'] | undefined {
  const chosen = draft.kind !== 'syslog' && draft.kind !== 'kafka' ? draft.ca.trim() !== '' || draft.serverName.trim() !== '' : draft.tls;
  if (!chosen) return undefined;
  return {
    ...(draft.ca.trim() ? { ca: `${draft.ca.trim()}\n` } : {}),
    // A broker's certificate bears its host's name.
    ...(draft.serverName.trim() && draft.kind !== 'kafka' ? { server_name: draft.serverName.trim() } : {}),
  };
}

export function transportOf(draft: Draft): Transport {
  const tls = tlsOf(draft);
  const secured = tls ? { tls } : {};
  const url = draft.url.trim();
  const index = draft.index.trim();
  switch (draft.kind) {
    case 'syslog':
      return { kind: 'syslog', address: draft.address.trim(), ...secured };
    case 'splunk_hec':
      return { kind: 'splunk_hec', url, acknowledge: draft.acknowledge, ...(index ? { index } : {}), ...secured };
    case 'elasticsearch':
      return { kind: 'elasticsearch', url, index, ...secured };
    case 'webhook':
      return { kind: 'webhook', url, ...secured };
    case 'file':
      return { kind: 'file', name: draft.file.trim(), max_bytes: Number(draft.mebibytes) * 2 ** 20, keep: Number(draft.keep) };
    case 'kafka':
      return { kind: 'kafka', brokers: names(draft.brokers).join(','), topic: draft.topic.trim(), ...(draft.sasl ? { sasl: draft.sasl } : {}), ...secured };
  }
}

/** The secrets that the transport asks for; what was typed for another one stays behind. */
export function credentialsOf(draft: Draft): Schemas['ExportCredentials'] | undefined {
  const login = { username: draft.username, password: draft.password };
  switch (draft.kind) {
    case 'splunk_hec':
      return { token: draft.token };
    case 'webhook':
      return { signing_key: draft.signingKey };
    case 'elasticsearch':
      return draft.signIn === 'token' ? { token: draft.token } : draft.signIn === 'password' ? login : undefined;
    case 'kafka':
      return draft.sasl ? login : undefined;
    default:
      return undefined;
  }
}

export function wanted(draft: Draft): Schemas['CreateExport'] {
  const credentials = credentialsOf(draft);
  const [actions, targets] = [names(draft.actions), names(draft.targets)];
  const filter = {
    ...(actions.length > 0 ? { actions } : {}),
    ...(targets.length > 0 ? { target_types: targets } : {}),
    ...(draft.outcomes.length > 0 ? { outcomes: [...draft.outcomes] } : {}),
  };
  return {
    name: draft.name.trim(),
    format: draft.format,
    transport: transportOf(draft),
    ...(Object.keys(filter).length > 0 ? { filter } : {}),
    starts_at: draft.start === 'position' ? Number(draft.position) : draft.start,
    ...(credentials ? { credentials } : {}),
  };
}

/** What leaving would lose, by name. */
export function unsent(draft: Draft, why: Why): string[] {
  const touched = (Object.keys(EMPTY) as (keyof Draft)[]).filter((member) => draft[member] !== EMPTY[member]);
  const secrets = touched.filter((member) => ['token', 'password', 'signingKey'].includes(member));
  return [
    ...(touched.length > secrets.length ? [`What you wrote of the export${draft.name ? ` ${draft.name}` : ''}: where to, and what.`] : []),
    ...(secrets.length > 0 ? ['Its secrets, which this page has in memory only.'] : []),
    ...(why.reason || why.changeRequest ? ['Why it is made.'] : []),
  ];
}
