/** Moments, times and steps of a slider: the sums behind time travel. */

/** The slider's last step: now. */
export const STEPS = 1_000;

export interface TravelEvent {
  position: number;
  recorded_at: string;
  summary?: string;
}

const isPosition = (asOf: string) => /^\d+$/.test(asOf);

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

/** Where a time stands between the oldest moment and now. */
export function stepOf(time: number, from: number, now: number): number {
  if (now <= from) return STEPS;
  return clamp(Math.round(((time - from) / (now - from)) * STEPS), 0, STEPS);
}

/** In full seconds, never before the oldest moment: at that one there is something to see. */
export function timeOf(step: number, from: number, now: number): number {
  const exact = from + (clamp(step, 0, STEPS) / STEPS) * Math.max(0, now - from);
  return Math.min(Math.ceil(exact / 1000) * 1000, Math.max(from, now));
}

/** What the address says for a step; the last one is now. */
export function asOfStep(step: number, from: number, now: number): string | undefined {
  return step >= STEPS ? undefined : new Date(timeOf(step, from, now)).toISOString();
}

/** The time of a moment. A position has one where its event is known, or else what the answer itself told. */
export function timeOfMoment(asOf: string, events: readonly TravelEvent[], told?: string): number | undefined {
  if (!isPosition(asOf)) {
    const time = Date.parse(asOf);
    return Number.isNaN(time) ? undefined : time;
  }
  const event = events.filter((one) => one.position <= Number(asOf)).reduce<TravelEvent | undefined>((best, one) => (best && best.position > one.position ? best : one), undefined);
  const time = event?.recorded_at ?? told;
  return time === undefined ? undefined : Date.parse(time);
}

/** The events next to a moment, and the one that it stands on. Now is behind all of them. */
export function neighbours(asOf: string | undefined, events: readonly TravelEvent[]): { previous?: TravelEvent; at?: TravelEvent; next?: TravelEvent } {
  const where = (event: TravelEvent) =>
    asOf === undefined ? -1 : isPosition(asOf) ? Math.sign(event.position - Number(asOf)) : Math.sign(Date.parse(event.recorded_at) - Date.parse(asOf));
  const ordered = [...events].sort((one, other) => one.position - other.position);
  const [previous, at, next] = [ordered.findLast((event) => where(event) < 0), ordered.find((event) => where(event) === 0), ordered.find((event) => where(event) > 0)];
  return { ...(previous && { previous }), ...(at && { at }), ...(next && { next }) };
}

/** As a field of the browser wants it: the time where the person is, to the second. */
export function toField(time: number): string {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** What stands in the field as a moment, or the rule that it breaks. */
export function fromField(text: string, from: number | undefined, now: number): { asOf: string } | { rule: 'incomplete' | 'too early' | 'too late' } {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return { rule: 'incomplete' };
  // The field knows seconds; the oldest moment lies somewhere within one.
  if (from !== undefined && time + 999 < from) return { rule: 'too early' };
  if (time > now) return { rule: 'too late' };
  return { asOf: new Date(from === undefined ? time : Math.max(time, Math.ceil(from))).toISOString() };
}
