import { QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { ProblemError, unreachable } from '../api/problem';
import { queryClient } from '../api/query';
import { useCommand } from './command';
import { Repeating } from './repeats';
import { Failed } from './states';

const keys: string[] = [];
let answer: () => Promise<{ body: string; position: number }>;

function Command() {
  const command = useCommand<number, string>({
    done: () => 'done',
    send: (_input, headers) => {
      keys.push(headers['Idempotency-Key']);
      return answer();
    },
  });
  return (
    <>
      <button type="button" onClick={() => command.mutate(1)}>
        Send
      </button>
      <Repeating busy={command.isPending} repeats={command.repeats} />
      {command.error && <Failed cause={command.error} inline />}
      {command.isSuccess && <p>Done</p>}
    </>
  );
}

const refusal = (status: number, code: string) => new ProblemError({ type: 't', title: 'Refused', status, code, detail: 'd' });
const passes = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));
const press = () => {
  fireEvent.click(screen.getByRole('button'));
  return passes(0);
};

beforeEach(() => {
  vi.useFakeTimers();
  keys.length = 0;
  render(
    <QueryClientProvider client={queryClient()}>
      <Command />
    </QueryClientProvider>,
  );
});
afterEach(() => {
  vi.useRealTimers();
});

it('says that nobody knows once half a minute has brought no answer, and stays the same command', async () => {
  answer = () => Promise.reject(unreachable());
  await press();
  expect(screen.getByText(/No answer came: it is being sent again/)).toBeInTheDocument();
  await passes(40_000);
  expect(screen.getByText(/It is not known whether it was recorded/)).toBeInTheDocument();
  expect(screen.getByText(/It was sent 8 times/)).toBeInTheDocument();
  expect(screen.getByText(/Press the button again: it goes out under the same key/)).toBeInTheDocument();

  // A hub that fails has decided nothing either.
  answer = () => Promise.reject(refusal(500, 'internal'));
  await press();
  answer = () => Promise.resolve({ body: 'b', position: 7 });
  await press();
  expect(screen.getByText('Done')).toBeInTheDocument();
  expect(keys).toHaveLength(10);
  expect(new Set(keys).size).toBe(1);
});

it('is another command after it was refused', async () => {
  answer = () => Promise.reject(refusal(412, 'precondition-failed'));
  await press();
  await press();
  expect(keys).toHaveLength(2);
  expect(keys[0]).not.toBe(keys[1]);
});

it('does not speak of what nobody knows when the hub said each time that it cannot take it', async () => {
  answer = () => Promise.reject(refusal(503, 'overloaded'));
  await press();
  expect(screen.getByText(/The hub cannot take it now: it is being sent again/)).toBeInTheDocument();
  await passes(40_000);
  expect(screen.getByText('D')).toBeInTheDocument();
  expect(screen.queryByText(/not known whether/)).toBeNull();
});
