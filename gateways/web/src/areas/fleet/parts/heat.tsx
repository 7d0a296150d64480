/** The heat grid: one cell a cluster, and no component of PatternFly in any of them. */
import { memo, type MouseEvent, useCallback, useMemo, useState } from 'react';
import { useHref, useNavigate } from 'react-router';

import { count } from '../../../kit/words';
import { arranged, cellName, changed, groupTitle, mark, MARKS, step } from '../heat';
import type { HeatCell, HeatGroup } from '../queries';
import { useBriefly } from './briefly';
import { Tip } from './tip';

/** From so many cells on a group has lines of its own, which are laid out when they come into view. */
const LARGE = 60;

/** Beyond so many, cells are smaller. */
const DENSE = 400;

interface Props {
  by: string;
  asOf: string | undefined;
  groups: readonly HeatGroup[];
  /** What the addresses of clusters end with: the moment that is looked at. */
  search: string;
}

/** For another grouping or moment: another grid, by its key. */
export function HeatGrid({ by, asOf, groups, search }: Props) {
  const base = useHref('/clusters');
  const navigate = useNavigate();
  const [box, setBox] = useState<HTMLElement | null>(null);
  // While a hand or the focus is in the grid nothing moves away from under it.
  const [held, setHeld] = useState<readonly HeatGroup[]>();
  const fresh = useBriefly(groups, `${by} ${asOf}`, asOf === undefined, changed);
  const shown = useMemo(() => (held ? arranged(held, groups) : groups), [held, groups]);
  const dense = groups.reduce((sum, group) => sum + group.cells.length, 0) > DENSE;
  const hold = () => setHeld((before) => before ?? groups);
  const release = () => {
    if (!box?.matches(':hover') && !box?.contains(document.activeElement)) setHeld(undefined);
  };
  const open = (event: MouseEvent) => {
    const id = event.target instanceof HTMLElement ? event.target.closest('a')?.dataset['id'] : undefined;
    if (!id || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void navigate(`/clusters/${id}${search}`);
  };
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the links within are pressed; one listener hears them all */}
      <div
        ref={setBox}
        className={dense ? 'cm-fleet-heat cm-fleet-dense' : 'cm-fleet-heat'}
        onClick={open}
        onFocus={hold}
        onBlur={() => setTimeout(release)}
        onPointerEnter={hold}
        onPointerLeave={() => setTimeout(release)}
      >
        {shown.map((group) => (
          <Group key={group.key ?? ' '} by={by} group={group} base={base} search={search} fresh={fresh} />
        ))}
      </div>
      <Tip box={box} />
    </>
  );
}

interface GroupProps {
  by: string;
  group: HeatGroup;
  base: string;
  search: string;
  fresh: ReadonlySet<string>;
}

const Group = memo(function Group({ by, group, base, search, fresh }: GroupProps) {
  const [active, setActive] = useState<string>();
  const { cells } = group;
  // One tab stop a group: the cell that was in focus last, else the first.
  const stop = cells.some((cell) => cell.id === active) ? active : cells[0]?.id;
  const title = groupTitle(by, group.key);
  const total = Object.values(group.by_health).reduce((sum, number) => sum + number, 0);
  const bad = total - (group.by_health['healthy'] ?? 0);
  const large = cells.length >= LARGE;
  const focused = useCallback((event: { target: EventTarget }) => {
    if (event.target instanceof HTMLElement && event.target.dataset['id']) setActive(event.target.dataset['id']);
  }, []);
  return (
    <section className={large ? 'cm-fleet-group cm-fleet-group-large' : 'cm-fleet-group'}>
      <h3 className="cm-fleet-group-title">
        {title}{' '}
        <span className="cm-subtle">
          {count(total)}
          {bad > 0 && `, ${count(bad)} not healthy`}
        </span>
      </h3>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the links within have the focus; the list moves it among them */}
      <ul className="cm-fleet-cells" aria-label={title} onFocus={focused} onKeyDown={move}>
        {cells.map((cell) => (
          <Cell key={cell.id} {...cell} href={`${base}/${cell.id}${search}`} stop={cell.id === stop} fresh={fresh.has(cell.id)} />
        ))}
      </ul>
    </section>
  );
});

function move(event: React.KeyboardEvent<HTMLUListElement>) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('a')];
  const index = links.findIndex((link) => link === event.target);
  if (index < 0) return;
  const top = links[0]?.offsetTop;
  const below = links.findIndex((link) => link.offsetTop !== top);
  const to = step(event.key, index, links.length, below < 0 ? links.length : below);
  if (to === undefined) return;
  event.preventDefault();
  links[to]?.focus();
}

const Cell = memo(function Cell({ id, name, health, status, href, stop, fresh }: HeatCell & { href: string; stop: boolean; fresh: boolean }) {
  return (
    <li>
      <a
        href={href}
        className="cm-fleet-cell"
        data-id={id}
        data-mark={mark(health, status)}
        data-fresh={fresh || undefined}
        tabIndex={stop ? 0 : -1}
        aria-label={cellName(name, health, status)}
      />
    </li>
  );
});

/** What the marks mean, each as it looks. */
export function Legend() {
  return (
    <ul className="cm-fleet-legend" aria-label="What the marks mean">
      {Object.entries(MARKS).map(([kind, text]) => (
        <li key={kind}>
          <span className="cm-fleet-cell" data-mark={kind} aria-hidden /> {text}
        </li>
      ))}
    </ul>
  );
}
