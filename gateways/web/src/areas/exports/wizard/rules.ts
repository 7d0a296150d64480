/**
 * The API's rules, told before anything is sent. The hub checks all of it again, and more; where the two differ, the hub is right.
 * A rule is named by the JSON Pointer that the hub names it by, so that either finds the same field.
 */
import { isDnsLabel } from '../../../kit/names';
import { readPosition } from '../parts/replay';
import { credentialsOf, type Draft, names, wanted } from './draft';

export type Breaches = Readonly<Record<string, string>>;
export type Step = 'where' | 'what' | 'review';

const PLAIN = /^[A-Za-z0-9._-]+$/;
const WORD = /^[a-z0-9_]{1,64}$/;

export function isHost(text: string): boolean {
  if (text.startsWith('[')) return /^\[[0-9a-f:.]+\]$/i.test(text) && URL.canParse(`https://${text}`);
  return text.length <= 253 && text.split('.').every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

export function isHostAndPort(text: string): boolean {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  return colon > 0 && isHost(text.slice(0, colon)) && /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
}

export function isService(text: string): boolean {
  const parts = /^(https?):\/\/([^/?#]+)(\/[!-~]*)?$/.exec(text);
  if (!parts || text.length > 2000 || /[?#]/.test(text)) return false;
  const [, scheme, authority = ''] = parts;
  const named = /^(.*):\d+$/.exec(authority);
  const host = named ? (named[1] ?? '') : authority;
  if (!isHost(host) || (named && !isHostAndPort(authority))) return false;
  return scheme === 'https' || ['localhost', '127.0.0.1', '[::1]'].includes(host);
}

/** 24 to 64 bytes in base64, usually behind `whsec_`. */
export function isSigningKey(text: string): boolean {
  const base64 = text.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return false;
  const bytes = (base64.length / 4) * 3 - (base64.match(/=*$/)?.[0].length ?? 0);
  return bytes >= 24 && bytes <= 64;
}

const whole = (text: string, from: number, to: number) => /^\d+$/.test(text.trim()) && Number(text) >= from && Number(text) <= to;

type Rule = [pointer: string, fits: boolean, rule: string];

function transportRules(draft: Draft): Rule[] {
  const index = draft.index.trim();
  const service: Rule = [
    '/transport/url',
    isService(draft.url.trim()),
    'It must be https://host[:port][/path], without a user name, a query or a fragment; http only for the hub’s own machine.',
  ];
  switch (draft.kind) {
    case 'syslog':
      return [['/transport/address', isHostAndPort(draft.address.trim()), 'It must be host:port.']];
    case 'splunk_hec':
      return [
        service,
        [
          '/transport/index',
          index === '' || (/^[a-z0-9][a-z0-9_-]{0,79}$/.test(index) && !index.includes('kvstore')),
          'It must be 1 to 80 of a-z, 0-9, _ and -, starting with a letter or digit, without “kvstore”.',
        ],
      ];
    case 'elasticsearch':
      return [
        service,
        [
          '/transport/index',
          /^[^-_+.\\/*?"<>|,#:\s\p{Lu}\p{Cc}][^\\/*?"<>|,#:\s\p{Lu}\p{Cc}]*$/u.test(index) && new TextEncoder().encode(index).length <= 255,
          'It must be 1 to 255 bytes in lower case without \\ / * ? " < > | , # : and white space, not starting with - _ + or a dot.',
        ],
      ];
    case 'webhook':
      return [service];
    case 'file': {
      const name = draft.file.trim();
      return [
        ['/transport/name', PLAIN.test(name) && name.length <= 100 && !name.startsWith('.'), 'It must be 1 to 100 of letters, digits, dot, _ and -, not starting with a dot.'],
        ['/transport/max_bytes', whole(draft.mebibytes, 1, 2 ** 20), 'It must be a whole number, 1 MiB to 1,048,576 MiB (1 TiB).'],
        ['/transport/keep', whole(draft.keep, 0, 10_000), 'It must be a whole number, 0 to 10,000.'],
      ];
    }
    case 'kafka': {
      const brokers = names(draft.brokers);
      const topic = draft.topic.trim();
      return [
        ['/transport/brokers', brokers.length >= 1 && brokers.length <= 32 && brokers.every(isHostAndPort), 'It must be 1 to 32 of host:port, separated by commas.'],
        ['/transport/topic', PLAIN.test(topic) && topic.length <= 249 && topic !== '.' && topic !== '..', 'It must be 1 to 249 of letters, digits, dot, _ and -.'],
        ['/transport/sasl', draft.sasl !== 'PLAIN' || draft.tls, 'PLAIN needs TLS: the password would travel in the clear.'],
      ];
    }
  }
}

function tlsRules(draft: Draft): Rule[] {
  const none = draft.kind === 'file' || ((draft.kind === 'syslog' || draft.kind === 'kafka') && !draft.tls);
  if (none) return [];
  const [ca, name] = [draft.ca.trim(), draft.serverName.trim()];
  return [
    ['/transport/tls/ca', ca === '' || (ca.includes('-----BEGIN CERTIFICATE-----') && ca.length < 64 * 1024), 'It must be certificates in PEM, at most 64 KiB.'],
    ['/transport/tls/server_name', name === '' || draft.kind === 'kafka' || isHost(name), 'It must be a DNS name or an address.'],
  ];
}

function secretRules(draft: Draft): Rule[] {
  return Object.entries(credentialsOf(draft) ?? {}).map(([name, secret]): Rule => {
    const length = new TextEncoder().encode(secret ?? '').length;
    if (name === 'signing_key') {
      return ['/credentials/signing_key', isSigningKey(secret ?? ''), 'It must be 24 to 64 bytes in base64, usually behind whsec_.'];
    }
    return [`/credentials/${name}`, length >= 1 && length <= 4096, 'It is needed: 1 to 4,096 bytes.'];
  });
}

function whatRules(draft: Draft): Rule[] {
  const [actions, targets] = [names(draft.actions), names(draft.targets)];
  const action = (text: string) => {
    const dot = text.indexOf('.');
    return dot > 0 && WORD.test(text.slice(0, dot)) && (text.slice(dot + 1) === '*' || WORD.test(text.slice(dot + 1)));
  };
  return [
    [
      '/format',
      draft.kind !== 'elasticsearch' || ['ocsf', 'ecs', 'json'].includes(draft.format),
      'It must be OCSF, ECS or JSON: Elasticsearch takes JSON only.',
    ],
    ['/filter/actions', actions.length <= 100 && actions.every(action), 'It must be at most 100 commands such as cluster.import, or cluster.*'],
    ['/filter/target_types', targets.length <= 100 && targets.every((text) => WORD.test(text)), 'It must be at most 100 kinds such as cluster.'],
    ['/starts_at', draft.start !== 'position' || readPosition(draft.position) !== undefined, 'It must be a ledger position: a whole number, 1 or more.'],
  ];
}

const broken = (rules: Rule[]): Breaches => Object.fromEntries(rules.filter(([, fits]) => !fits).map(([pointer, , rule]) => [pointer, rule]));

/** What of a step breaks its rule. */
export function breaches(draft: Draft, step: Step): Breaches {
  if (step === 'review') return {};
  if (step === 'what') return broken(whatRules(draft));
  const name: Rule = ['/name', isDnsLabel(wanted(draft).name), 'It must be 1 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit.'];
  return broken([name, ...transportRules(draft), ...tlsRules(draft), ...secretRules(draft)]);
}

/** On which step the field of a pointer stands. */
export function stepOf(pointer: string | null | undefined): Step | undefined {
  if (!pointer) return undefined;
  const member = pointer.split('/')[1] ?? '';
  if (['name', 'transport', 'credentials'].includes(member)) return 'where';
  if (['format', 'filter', 'starts_at'].includes(member)) return 'what';
  return undefined;
}

/** The id of a pointer's field in the page. */
export function fieldId(pointer: string): string {
  return `cm-export${pointer.replaceAll('/', '-')}`;
}
