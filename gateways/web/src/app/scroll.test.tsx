import { act, fireEvent, render } from '@testing-library/react';
import { createMemoryRouter, Outlet, RouterProvider } from 'react-router';
import { expect, it } from 'vitest';

import { useScroll } from './scroll';

function Page() {
  useScroll('here');
  return (
    <div id="here">
      <Outlet />
    </div>
  );
}

it('begins every page at its top, comes back to where one was, and leaves a filtered page alone', async () => {
  const router = createMemoryRouter([{ path: '*', element: <Page /> }], { initialEntries: ['/list'] });
  render(<RouterProvider router={router} />);
  const main = document.getElementById('here') as HTMLElement;
  const scroll = (to: number) => {
    main.scrollTop = to;
    fireEvent.scroll(main);
  };
  scroll(700);
  await act(() => router.navigate('/list?q=x', { replace: true }));
  expect(main.scrollTop).toBe(700);
  scroll(650);
  await act(() => router.navigate('/one'));
  expect(main.scrollTop).toBe(0);
  scroll(30);
  await act(() => router.navigate(-1));
  expect(main.scrollTop).toBe(650);
  await act(() => router.navigate(1));
  expect(main.scrollTop).toBe(30);
});
