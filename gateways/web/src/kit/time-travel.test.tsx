import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { TimeTravel } from './time-travel';
import { asOfStep, fromField, neighbours, stepOf, STEPS, timeOf, timeOfMoment, toField } from './travel';

const FROM = Date.UTC(2026, 0, 1, 0, 0, 0, 250);
const NOW = Date.UTC(2026, 0, 11);
const events = [30, 10, 20].map((position) => ({ position, recorded_at: new Date(Date.UTC(2026, 0, 1 + position / 10)).toISOString(), summary: `event ${position}` }));

it('turns times into steps and back, and keeps within what there is', () => {
  expect(stepOf(FROM, FROM, NOW)).toBe(0);
  expect(stepOf(NOW, FROM, NOW)).toBe(STEPS);
  expect(stepOf(FROM - 1e9, FROM, NOW)).toBe(0);
  expect(stepOf(NOW + 1e9, FROM, NOW)).toBe(STEPS);
  for (const step of [0, 1, 500, 999]) expect(stepOf(timeOf(step, FROM, NOW), FROM, NOW)).toBe(step);
  expect(stepOf(FROM, NOW, NOW)).toBe(STEPS);
});

it('never asks for a moment before the oldest, and for none at the end', () => {
  expect(asOfStep(0, FROM, NOW)).toBe('2026-01-01T00:00:01.000Z');
  expect(asOfStep(-5, FROM, NOW)).toBe('2026-01-01T00:00:01.000Z');
  expect(asOfStep(STEPS, FROM, NOW)).toBeUndefined();
  expect(timeOf(STEPS + 9, FROM, NOW)).toBe(NOW);
});

it('knows the time of a position by its event, or by what the answer told', () => {
  expect(timeOfMoment('25', events)).toBe(Date.UTC(2026, 0, 3));
  expect(timeOfMoment('5', events, '2026-01-01T12:00:00Z')).toBe(Date.UTC(2026, 0, 1, 12));
  expect(timeOfMoment('5', events)).toBeUndefined();
  expect(timeOfMoment('2026-01-02T00:00:00Z', [])).toBe(Date.UTC(2026, 0, 2));
  expect(timeOfMoment('nonsense', events)).toBeUndefined();
});

it('finds the events beside a moment', () => {
  const positions = (asOf: string | undefined) => Object.fromEntries(Object.entries(neighbours(asOf, events)).map(([name, event]) => [name, event.position]));
  expect(positions(undefined)).toEqual({ previous: 30 });
  expect(positions('20')).toEqual({ previous: 10, at: 20, next: 30 });
  expect(positions('15')).toEqual({ previous: 10, next: 20 });
  expect(positions(events[1]?.recorded_at)).toEqual({ at: 10, next: 20 });
  expect(positions('2026-01-03T12:00:00Z')).toEqual({ previous: 20, next: 30 });
  expect(neighbours(undefined, [])).toEqual({});
});

it('reads the field of the browser', () => {
  expect(fromField(toField(Date.UTC(2026, 0, 5)), FROM, NOW)).toEqual({ asOf: '2026-01-05T00:00:00.000Z' });
  expect(fromField(toField(FROM), FROM, NOW)).toEqual({ asOf: '2026-01-01T00:00:00.250Z' });
  expect(fromField(toField(FROM - 1000), FROM, NOW)).toEqual({ rule: 'too early' });
  expect(fromField(toField(NOW + 1000), FROM, NOW)).toEqual({ rule: 'too late' });
  expect(fromField('', FROM, NOW)).toEqual({ rule: 'incomplete' });
});

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

it('says the moment in words, and asks once for many steps', () => {
  const set = vi.fn();
  render(<TimeTravel moment={{ asOf: undefined, set }} from={new Date(FROM).toISOString()} />);
  const slider = screen.getByRole('slider', { name: /Moment/ });
  expect(slider).toHaveAttribute('aria-valuetext', 'now');
  for (const value of [900, 700, 500]) fireEvent.change(slider, { target: { value } });
  expect(slider).toHaveAttribute('aria-valuetext', expect.stringContaining('2026'));
  expect(set).not.toHaveBeenCalled();
  act(() => void vi.advanceTimersByTime(1_000));
  expect(set.mock.calls).toEqual([['2026-01-06T00:00:01.000Z']]);
  expect(screen.queryByRole('button', { name: 'Previous event' })).toBeNull();
});

it('goes from event to event, and from the last one to now', () => {
  const set = vi.fn();
  const shown = (asOf: string | undefined) => <TimeTravel moment={{ asOf, set }} from={new Date(FROM).toISOString()} events={events} />;
  const { rerender } = render(shown('30'));
  expect(screen.getByText('Right after: event 30')).toBeInTheDocument();
  fireEvent.click(screen.getByRole('button', { name: 'To now' }));
  rerender(shown(undefined));
  fireEvent.click(screen.getByRole('button', { name: 'Previous event' }));
  rerender(shown('10'));
  fireEvent.click(screen.getByRole('button', { name: 'Previous event' }));
  fireEvent.click(screen.getByRole('button', { name: 'Next event' }));
  expect(set.mock.calls).toEqual([[undefined], ['30'], ['20']]);
});

it('takes a date and time that has been, and says why not another', () => {
  const set = vi.fn();
  render(<TimeTravel moment={{ asOf: undefined, set }} from={new Date(FROM).toISOString()} />);
  const field = screen.getByLabelText('Date and time');
  fireEvent.change(field, { target: { value: toField(NOW + 86_400_000) } });
  expect(screen.getByText('That moment has not come yet.')).toBeInTheDocument();
  act(() => void vi.advanceTimersByTime(2_000));
  expect(set).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: toField(Date.UTC(2026, 0, 5)) } });
  act(() => void vi.advanceTimersByTime(2_000));
  expect(set.mock.calls).toEqual([['2026-01-05T00:00:00.000Z']]);
});
