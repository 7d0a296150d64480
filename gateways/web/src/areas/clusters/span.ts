/** Two moments to compare, as they are typed and as the address says them. */
import { fromField, toField } from '../../kit/travel';

/** `open` is the end that is there by itself: before the first event, or now. */
export interface Typed {
  kind: 'time' | 'position' | 'open';
  text: string;
  /** What the address said: the field knows full seconds only. */
  exact?: string;
}

/** Before the first event. In the address, so that nothing chosen and this are two things. */
export const BEGINNING = '0';

export function typed(moment: string | undefined): Typed {
  if (moment === undefined || moment === BEGINNING) return { kind: 'open', text: '' };
  if (/^\d+$/.test(moment)) return { kind: 'position', text: moment };
  const time = Date.parse(moment);
  return Number.isNaN(time) ? { kind: 'time', text: '' } : { kind: 'time', text: toField(time), exact: moment };
}

/** A moment for the address, or the rule that is broken. */
export function momentOf(input: Typed, open: string | undefined): { moment: string | undefined } | { fault: string } {
  if (input.kind === 'open') return { moment: open };
  if (input.kind === 'position') return /^\d{1,19}$/.test(input.text.trim()) ? { moment: input.text.trim() } : { fault: 'Write a ledger position: a whole number.' };
  if (input.exact && typed(input.exact).text === input.text) return { moment: input.exact };
  const read = fromField(input.text, undefined, Number.POSITIVE_INFINITY);
  return 'asOf' in read ? { moment: read.asOf } : { fault: 'Choose a date and a time.' };
}

/** Each end in the other's place. An open end becomes the moment that it stands for. */
export function swapped(span: { from: string | undefined; to: string | undefined }, now: number): { from: string; to: string } {
  return { from: span.to ?? new Date(now).toISOString(), to: span.from ?? BEGINNING };
}

/** Whether two moments are in the wrong order, where that can be told without asking: both are times, or both are positions. */
export function reversed(from: string, to: string | undefined): boolean {
  if (to === undefined) return false;
  const positions = [from, to].map((moment) => /^\d+$/.test(moment));
  if (positions[0] !== positions[1]) return false;
  return positions[0] ? Number(from) > Number(to) : Date.parse(from) > Date.parse(to);
}

/** Whether an event lies behind the moment from which is compared. */
export function isAfter(event: { position: number; recorded_at: string }, from: string): boolean {
  return /^\d+$/.test(from) ? event.position > Number(from) : Date.parse(event.recorded_at) > Date.parse(from);
}
