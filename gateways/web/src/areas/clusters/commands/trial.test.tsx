import { act, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { answer, ID, problem, sent } from '../../../kit/testing';
import { Kept } from './kept';
import { TrialPart } from './parts/trial';
import { button, telling, tested } from './testing';
import { useTrial } from './trial';

const TEST = 'POST /api/v1/clusters/test';
const secret = { kept: new Kept('kubeconfig'), context: 'a' };

function Tried({ whether }: { whether?: () => Promise<unknown> }) {
  const { trial, start, cancel } = useTrial(ID);
  return <TrialPart headingLevel="h2" trial={trial} start={() => void start(secret, whether)} cancel={cancel} />;
}

const steps = () => screen.getAllByRole('listitem').map((step) => step.textContent);
const all = tested().checks;

describe('a test of the connection', { timeout: 30_000 }, () => {
  it('names every check, ticks each off as it is decided, and asks for a stream', async () => {
    const user = userEvent.setup();
    const test = telling();
    answer({ [TEST]: test.answer });
    render(<Tried />);
    await user.click(button('Test the connection'));
    expect(screen.getByRole('status')).toHaveTextContent('The hub is being asked for a test.');
    // What will be checked is for the hub to say.
    expect(screen.queryByRole('list', { name: 'Checks of the connection' })).toBeNull();
    act(() => test.plan());
    const list = await screen.findByRole('list', { name: 'Checks of the connection' });
    expect(steps()).toEqual([
      'Kubeconfig: being checked', 'Address: waiting', 'Reachable: waiting', 'TLS certificate: waiting', 'Sign-in: waiting', 'Kubernetes version: waiting', 'Permissions: waiting', 'Identity: waiting',
    ]);
    act(() => test.check(...all.slice(0, 2)));
    await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('Address: passed. Now: Reachable, 3 of 8.'));
    expect(steps().slice(0, 4)).toEqual(['Kubeconfig: passedAs it should be', 'Address: passedAs it should be', 'Reachable: being checked', 'TLS certificate: waiting']);
    expect(within(list).getByLabelText('Reachable: being checked')).toHaveAttribute('aria-current', 'step');
    expect(button('Test again')).toHaveAttribute('aria-disabled', 'true');
    act(() => {
      test.check(...all.slice(2));
      test.done(tested());
    });
    expect(await screen.findByText(/The connection works: Kubernetes v1.33.2, 2 of 3 nodes ready/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Cancel the test' })).toBeNull();
    const [request] = sent(TEST);
    expect(request?.headers.get('Accept')).toBe('text/event-stream');
    expect(request?.body).toEqual({ kubeconfig: 'kubeconfig', context: 'a', cluster_id: ID });
  });

  it('tells apart what failed and what was skipped, and asks whether it would be accepted all the same', async () => {
    const user = userEvent.setup();
    const failed = tested({ name: 'reach', code: 'connection-refused', message: 'nothing listens there' });
    const test = telling();
    answer({ [TEST]: test.answer });
    let accept: () => void = () => undefined;
    render(<Tried whether={() => new Promise<void>((resolve) => (accept = resolve))} />);
    await user.click(button('Test the connection'));
    act(() => {
      test.plan();
      test.check(...failed.checks);
      test.done(failed);
    });
    expect(await screen.findByText(/Whether the import would be accepted all the same is being asked/)).toBeVisible();
    act(() => accept());
    expect(await screen.findByText(/the hub could not manage the cluster: nothing listens there/)).toBeVisible();
    expect(steps().slice(1, 4)).toEqual(['Address: passedAs it should be', 'Reachable: failedNothing listens there connection-refused', expect.stringMatching(/^TLS certificate: skipped/)]);
    expect(screen.getByRole('heading', { name: /Reachable: what to do/ })).toBeVisible();
  });

  it('can be cancelled, keeps what was decided, and can be repeated', async () => {
    const user = userEvent.setup();
    const first = telling();
    answer({ [TEST]: first.answer });
    render(<Tried />);
    await user.click(button('Test the connection'));
    act(() => {
      first.plan();
      first.check(...all.slice(0, 1));
    });
    await screen.findByText(/Kubeconfig: passed/);
    await user.click(button('Cancel the test'));
    expect(screen.getByText('The test was cancelled.')).toBeVisible();
    expect(steps().slice(0, 2)).toEqual(['Kubeconfig: passedAs it should be', 'Address: not decided']);
    expect(button('Try again')).toHaveFocus();
    await waitFor(() => expect(first.left()).toBe(true));
    answer({ [TEST]: tested() });
    await user.keyboard('{Enter}');
    expect(await screen.findByText(/The connection works/)).toBeVisible();
    expect(sent(TEST)).toHaveLength(2);
  });

  it('says that the connection was cut, whether the stream fails or just ends, and offers to try again', async () => {
    const user = userEvent.setup();
    for (const end of ['cut', 'end'] as const) {
      const test = telling();
      answer({ [TEST]: test.answer });
      const { unmount } = render(<Tried />);
      await user.click(button('Test the connection'));
      act(() => {
        test.plan();
        test.check(...all.slice(0, 3));
      });
      await screen.findByText(/Now: TLS certificate/);
      act(() => (end === 'cut' ? test.cut() : test.end()));
      expect(await screen.findByText(/The connection to the hub was cut/)).toBeVisible();
      expect(steps()[3]).toBe('TLS certificate: not decided');
      expect(button('Try again')).toBeEnabled();
      unmount();
    }
  });

  it('shows a problem that comes in place of the stream', async () => {
    const user = userEvent.setup();
    answer({ [TEST]: problem(422, 'invalid-body', { errors: [{ pointer: '/kubeconfig', detail: 'must be a text' }] }) });
    render(<Tried />);
    await user.click(button('Test the connection'));
    expect(await screen.findByText('/kubeconfig: must be a text')).toBeVisible();
    expect(screen.queryByRole('list', { name: 'Checks of the connection' })).toBeNull();
  });

  it('takes all of it at once where something between lets no streams through', async () => {
    const user = userEvent.setup();
    answer({ [TEST]: tested() });
    render(<Tried />);
    await user.click(button('Test the connection'));
    expect(await screen.findByText(/The connection works/)).toBeVisible();
  });
});
