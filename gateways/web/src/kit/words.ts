/** How values are said. One place, so that one thing has one word. */

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const counted = new Intl.NumberFormat();

export function count(value: number): string {
  return counted.format(value);
}

export function at(time: string | number | Date): string {
  return moment.format(new Date(time));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export function ago(time: string | number | Date, now = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size || unit === 'second') return relative.format(Math.round(seconds / size), unit);
  }
  return '';
}

/** The hub's words as the beginning of a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `import_failed` → `Import failed`. */
export function word(code: string): string {
  return sentence(code.replaceAll(/[_-]/g, ' '));
}

/** `cluster.health_changed.v2` → `Cluster: health changed`. */
export function eventWord(type: string): string {
  const [kind, what] = type.split('.');
  return what ? `${word(kind ?? '')}: ${what.replaceAll('_', ' ')}` : word(type);
}

export type Health = 'healthy' | 'degraded' | 'unreachable' | 'unknown';
/** The worst first. */
export const HEALTHS: readonly Health[] = ['unreachable', 'degraded', 'unknown', 'healthy'];
export const PROVIDERS: Record<string, string> = { aws: 'AWS', gcp: 'Google Cloud', azure: 'Azure', on_premises: 'On premises' };
