import { act, render, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { StrictMode, useState } from 'react';
import { createMemoryRouter, Link, RouterProvider } from 'react-router';
import { expect, it, vi } from 'vitest';

import { Leaving, mayLeave, useUnsaved } from './leave';

vi.setConfig({ testTimeout: 20_000 });

function Page({ bySearch = false }: { bySearch?: boolean }) {
  const [text, setText] = useState('');
  const sent = useUnsaved(text ? ['What you wrote.'] : [], { bySearch });
  return (
    <>
      <input aria-label="Text" value={text} onChange={(event) => setText(event.target.value)} />
      <Link to="/other">Other</Link>
      <Link to="/page?step=2">Step</Link>
      <button
        type="button"
        onClick={() => {
          sent();
          setText('');
          void router.navigate('/other', { replace: true });
        }}
      >
        Send
      </button>
      <Leaving />
    </>
  );
}

let router: ReturnType<typeof createMemoryRouter>;

function open(page = <Page />) {
  const other = (
    <>
      <p>the other one</p>
      <Leaving />
    </>
  );
  router = createMemoryRouter([{ path: '/page', element: page }, { path: '*', element: other }], { initialEntries: ['/first', '/page', '/third'], initialIndex: 1 });
  render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>,
  );
}

const here = () => router.state.location.pathname + router.state.location.search;
const question = () => screen.findByRole('dialog', { name: /Leave, and lose this/ });

it('lets everybody go who has put in nothing', async () => {
  open();
  await act(() => router.navigate(-1));
  expect(here()).toBe('/first');
});

it('holds up the way back, says what would be lost, and goes there once told', async () => {
  open();
  await userEvent.type(screen.getByLabelText('Text'), 'x');
  await act(() => router.navigate(-1));
  expect(await question()).toHaveAccessibleDescription('What you wrote.');
  expect(screen.getByRole('button', { name: 'Stay here' })).toHaveFocus();
  expect(here()).toBe('/page');
  await userEvent.click(screen.getByRole('button', { name: 'Stay here' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(here()).toBe('/page');
  expect(screen.getByLabelText('Text')).toHaveValue('x');
  // The history is as it was: forward is what it was before, and so is back.
  await act(() => router.navigate(1));
  await question();
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await act(() => router.navigate(-1));
  await question();
  await userEvent.click(screen.getByRole('button', { name: 'Leave' }));
  await waitFor(() => expect(here()).toBe('/first'));
  await act(() => router.navigate(1));
  expect(here()).toBe('/page');
  await act(() => router.navigate(1));
  expect(here()).toBe('/third');
});

it('holds up a link, and asks nobody twice', async () => {
  open();
  await userEvent.type(screen.getByLabelText('Text'), 'x');
  await userEvent.click(screen.getByRole('link', { name: 'Other' }));
  await question();
  expect(await mayLeave()).toBe(false);
  await userEvent.click(screen.getByRole('button', { name: 'Leave' }));
  expect(await screen.findByText('the other one')).toBeInTheDocument();
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('takes another query string for the same page, but where that loses something', async () => {
  open();
  await userEvent.type(screen.getByLabelText('Text'), 'x');
  await userEvent.click(screen.getByRole('link', { name: 'Step' }));
  expect(here()).toBe('/page?step=2');
  expect(screen.getByLabelText('Text')).toHaveValue('x');
});

it('asks for another query string where that loses something', async () => {
  open(<Page bySearch />);
  await userEvent.type(screen.getByLabelText('Text'), 'x');
  await userEvent.click(screen.getByRole('link', { name: 'Step' }));
  await question();
  expect(here()).toBe('/page');
});

it('asks nobody who has just sent it', async () => {
  open();
  await userEvent.type(screen.getByLabelText('Text'), 'x');
  await userEvent.click(screen.getByRole('button', { name: 'Send' }));
  expect(await screen.findByText('the other one')).toBeInTheDocument();
});

it('asks for ways that are no addresses, and before the tab is closed', async () => {
  open();
  expect(await mayLeave()).toBe(true);
  expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(true);
  await userEvent.type(screen.getByLabelText('Text'), 'x');
  expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(false);
  for (const [button, answer] of [['Stay here', false], ['Leave', true]] as const) {
    let asked: Promise<boolean> = Promise.resolve(!answer);
    act(() => {
      asked = mayLeave();
    });
    await question();
    await userEvent.click(screen.getByRole('button', { name: button }));
    expect(await asked).toBe(answer);
  }
});
