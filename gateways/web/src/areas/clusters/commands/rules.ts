/** The API's rules for names, regions and labels, and what is suggested for them. */
import { isDnsLabel } from '../../../kit/names';

export const MOST_LABELS = 64;

export interface LabelRow {
  id: number;
  key: string;
  value: string;
}

const LABEL_TEXT = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export function nameRule(name: string): string | undefined {
  return isDnsLabel(name) ? undefined : '1 to 63 characters of a-z, 0-9 and -, beginning and ending with a letter or digit.';
}

export function regionRule(region: string): string | undefined {
  return /^[A-Za-z0-9._-]{1,63}$/.test(region) ? undefined : '1 to 63 letters, digits, -, _ and . (a region, or the name of a site).';
}

export function labelKeyRule(key: string): string | undefined {
  const slash = key.indexOf('/');
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  if (prefix !== undefined && (prefix.length > 253 || !prefix.split('.').every(isDnsLabel))) {
    return 'Before the / stands a DNS name, such as example.com.';
  }
  return LABEL_TEXT.test(name) ? undefined : 'A key is 1 to 63 letters, digits, -, _ and ., beginning and ending with a letter or digit.';
}

export function labelValueRule(value: string): string | undefined {
  return value === '' || LABEL_TEXT.test(value)
    ? undefined
    : 'A value is empty, or up to 63 letters, digits, -, _ and ., beginning and ending with a letter or digit.';
}

export interface RowRule {
  key?: string;
  value?: string;
}

/** What each row breaks, by its id. A row with nothing in it is none. */
export function labelRules(rows: readonly LabelRow[]): Map<number, RowRule> {
  const broken = new Map<number, RowRule>();
  const seen = new Set<string>();
  for (const row of rows) {
    if (row.key === '' && row.value === '') continue;
    const key = seen.has(row.key) ? 'This key stands there twice.' : labelKeyRule(row.key);
    const value = labelValueRule(row.value);
    seen.add(row.key);
    if (key || value) broken.set(row.id, { ...(key ? { key } : {}), ...(value ? { value } : {}) });
  }
  return broken;
}

export function labelsOf(rows: readonly LabelRow[]): Record<string, string> {
  return Object.fromEntries(rows.filter((row) => row.key !== '' || row.value !== '').map((row) => [row.key, row.value]));
}

let rows = 0;

export function labelRow(key = '', value = ''): LabelRow {
  return { id: ++rows, key, value };
}

export function rowsOf(labels: Record<string, string>): LabelRow[] {
  return Object.entries(labels).map(([key, value]) => labelRow(key, value));
}

export interface Suggestion {
  name: string;
  provider?: 'aws' | 'gcp' | 'azure';
  region?: string;
}

/** What the names that clouds give to contexts and servers say of a cluster. */
export function suggest(context: string, server: string): Suggestion {
  const host = URL.canParse(server) ? new URL(server).hostname : '';
  const eks = /^arn:aws[a-z-]*:eks:([a-z0-9-]+):\d*:cluster\/(.+)$/.exec(context);
  if (eks) return { name: dnsLabel(eks[2] ?? ''), provider: 'aws', ...(eks[1] ? { region: eks[1] } : {}) };
  const gke = /^gke_[^_]+_([a-z0-9-]+)_(.+)$/.exec(context);
  if (gke) return { name: dnsLabel(gke[2] ?? ''), provider: 'gcp', ...(gke[1] ? { region: gke[1] } : {}) };
  // `kubernetes-admin@prod` is a user at a cluster.
  const name = dnsLabel(context.slice(context.lastIndexOf('@') + 1));
  const eksHost = /\.([a-z0-9-]+)\.eks\.amazonaws\.com(?:\.cn)?$/.exec(host);
  if (eksHost?.[1]) return { name, provider: 'aws', region: eksHost[1] };
  const aksHost = /\.([a-z0-9]+)\.azmk8s\.io$/.exec(host);
  if (aksHost?.[1]) return { name, provider: 'azure', region: aksHost[1] };
  return { name };
}

function dnsLabel(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
}
