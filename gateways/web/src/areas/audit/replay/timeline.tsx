/** The drawn timeline: a lane for each target, a mark for each entry, and where one is. */
import { memo } from 'react';

import { isPerson, useSaid } from '../../../kit/people';
import { at } from '../../../kit/words';
import type { Dot } from './lanes';

const LANE = 34;

export function Timeline({ lanes, dots, now, from, to, text }: { lanes: readonly string[]; dots: readonly Dot[]; now: number; from: string; to: string; text: string }) {
  const here = dots[now];
  const height = lanes.length * LANE + 8;
  const x = percent(here?.place ?? 0);
  return (
    <figure className="cm-audit-figure">
      <svg width="100%" height={height} role="img" aria-label={text} className="cm-audit-timeline">
        <svg x={8} width="100%" height={height} className="cm-audit-inset" aria-hidden>
          <Marks lanes={lanes} dots={dots} />
          <rect x={x} y={0} width="100%" height={height} className="cm-audit-future" />
          <line x1={x} x2={x} y1={0} y2={height} className="cm-audit-playhead" />
          {here && <circle cx={x} cy={middle(here.lane)} r={9} className="cm-audit-current" />}
          {here && <Mark dot={here} />}
        </svg>
      </svg>
      <figcaption className="cm-audit-ends cm-subtle">
        <span>{at(from)}</span>
        <span>● succeeded ■ failed ▲ refused</span>
        <span>{at(to)}</span>
      </figcaption>
    </figure>
  );
}

/** Drawn once, however far one is. */
const Marks = memo(function Marks({ lanes, dots }: { lanes: readonly string[]; dots: readonly Dot[] }) {
  return (
    <>
      {lanes.map((name, lane) => (
        <g key={name}>
          <text x={10} y={lane * LANE + 13} className="cm-audit-lane">
            {isPerson(name) ? <PersonName id={name} /> : name}
          </text>
          <line x1={0} x2="100%" y1={middle(lane)} y2={middle(lane)} className="cm-audit-line cm-audit-line-ahead" />
        </g>
      ))}
      {dots.map((dot) => (
        <Mark key={dot.index} dot={dot} />
      ))}
    </>
  );
});

function PersonName({ id }: { id: string }) {
  return <>{useSaid(id).text}</>;
}

/** By shape and colour: never by colour alone. */
function Mark({ dot: { place, lane, outcome } }: { dot: Dot }) {
  const [x, y] = [percent(place), middle(lane)];
  if (outcome === 'succeeded') return <circle cx={x} cy={y} r={4} className="cm-audit-dot cm-audit-dot-succeeded" />;
  return (
    <svg x={x} y={y} overflow="visible" aria-hidden>
      {outcome === 'failed' ? <rect x={-4} y={-4} width={8} height={8} className="cm-audit-dot cm-audit-dot-failed" /> : <path d="M0 -5 L5 4 L-5 4 Z" className="cm-audit-dot cm-audit-dot-refused" />}
    </svg>
  );
}

function percent(place: number): string {
  return `${(place * 100).toFixed(2)}%`;
}

function middle(lane: number): number {
  return lane * LANE + 23;
}
