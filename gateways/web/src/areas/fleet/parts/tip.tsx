/** One tooltip for all cells: it hears the pointer and the focus of its box, so that no cell needs one of its own. */
import { useEffect, useRef, useState } from 'react';

interface Shown {
  text: string;
  x: number;
  y: number;
}

export function Tip({ box }: { box: HTMLElement | null }) {
  const [shown, setShown] = useState<Shown>();
  const tip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box) return;
    const show = (event: Event) => {
      const cell = event.target instanceof Element ? event.target.closest('a[aria-label]') : null;
      if (!cell) return;
      const { left, top, width } = cell.getBoundingClientRect();
      setShown({ text: cell.getAttribute('aria-label') ?? '', x: left + width / 2, y: top });
    };
    const hide = (event: Event) => {
      // It stays while the pointer is over it: whoever magnifies the page reads it so.
      const to = event instanceof MouseEvent ? event.relatedTarget : null;
      if (!(to instanceof Node && tip.current?.contains(to))) setShown(undefined);
    };
    const dismiss = (event: KeyboardEvent) => event.key === 'Escape' && setShown(undefined);
    const away = () => setShown(undefined);
    box.addEventListener('pointerover', show);
    box.addEventListener('pointerout', hide);
    box.addEventListener('focusin', show);
    box.addEventListener('focusout', hide);
    addEventListener('keydown', dismiss);
    addEventListener('scroll', away, { capture: true, passive: true });
    return () => {
      box.removeEventListener('pointerover', show);
      box.removeEventListener('pointerout', hide);
      box.removeEventListener('focusin', show);
      box.removeEventListener('focusout', hide);
      removeEventListener('keydown', dismiss);
      removeEventListener('scroll', away, { capture: true });
    };
  }, [box]);
  if (!shown) return null;
  // Within the window also beside its edges.
  const x = Math.min(Math.max(shown.x, 100), Math.max(100, innerWidth - 100));
  return (
    <div ref={tip} className="cm-fleet-tip" style={{ insetInlineStart: x, insetBlockStart: shown.y }} aria-hidden onPointerLeave={() => setShown(undefined)}>
      {shown.text}
    </div>
  );
}
