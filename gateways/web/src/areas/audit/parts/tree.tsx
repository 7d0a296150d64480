/** The way of one entry through the Merkle tree, as a drawing: from the event at the bottom to the signed root at the top. */
import { useEffect, useRef } from 'react';

import { hex } from '../verify/bytes';
import type { Station } from '../verify/stations';
import type { Report, StepName } from '../verify/verify';

const WIDTH = 360;
const [LEFT, MIDDLE, RIGHT] = [64, 180, 296];
const BOX = { width: 108, height: 30 };

type State = 'ahead' | 'now' | 'holds' | 'fails' | 'skipped';

interface Box {
  x: number;
  y: number;
  title: string;
  hash: string;
  state: State;
}

export function TreePath({ report, stations, now }: { report: Report; stations: readonly Station[]; now: number }) {
  const rounds = report.way.length;
  const gap = rounds > 12 ? 46 : 60;
  const bottom = (rounds + 3) * gap + 8;
  const state = (name: StepName, round?: number): State => {
    const index = stations.findIndex((one) => one.step.name === name && (round === undefined || one.round === round));
    const found = stations[index];
    if (!found || index > now) return 'ahead';
    if (found.step.status !== 'holds') return found.step.status;
    return index === now ? 'now' : 'holds';
  };
  const box = (x: number, level: number, title: string, hash: string, of: State): Box => ({ x, y: bottom - level * gap, title, hash, state: of });
  const worst = (...states: State[]): State => (['fails', 'skipped', 'now', 'ahead'] as const).find((one) => states.includes(one)) ?? 'holds';

  const body = box(LEFT, 0, 'Body', report.proof ? short(report.leaf?.payload) : '', state('payload'));
  const circumstances = box(RIGHT, 0, 'Circumstances', short(report.leaf?.metadata), state('metadata'));
  const leaf = box(MIDDLE, 1, 'This entry', short(report.leafHash), worst(state('leaf'), state('entry')));
  const levels = report.way.map(({ side, sibling, made }, round) => {
    const last = round + 1 === rounds;
    const of = last ? worst(state('path', round), state('root')) : state('path', round);
    return { partner: box(side === 'left' ? LEFT : RIGHT, round + 1, 'Partner', short(sibling), of === 'ahead' ? 'ahead' : 'holds'), made: box(MIDDLE, round + 2, last ? 'Root' : 'Joined', short(made), of) };
  });
  const checkpoint = box(MIDDLE, rounds + 2, 'Checkpoint', short(report.checkpoint?.root), worst(state('checkpoint'), state('root')));
  const key = box(MIDDLE, rounds + 3, 'Signature and key', '', worst(state('key'), state('signature')));
  const path = [leaf, ...levels.map(({ made }) => made), checkpoint, key];
  const boxes = [body, circumstances, ...path, ...levels.map(({ partner }) => partner)];
  const lines: [Box, Box][] = [[body, leaf], [circumstances, leaf], ...path.slice(1).map((one, index): [Box, Box] => [path[index] ?? leaf, one]), ...levels.map(({ partner, made }): [Box, Box] => [partner, made])];
  const height = bottom + 2 * BOX.height;
  const station = stations[now];
  const here = placeOf(station, { body, leaf, checkpoint, key, joined: levels.map(({ made }) => made) }).y / height;
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = frame;
    if (current) current.scrollTop = here * current.scrollHeight - current.clientHeight / 2;
  }, [here]);
  return (
    <figure className="cm-audit-figure">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region has to be reached */}
      <div className="cm-audit-follow" ref={frame} tabIndex={0} role="region" aria-label="Drawing of the tree">
        <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-labelledby="cm-audit-tree-title" aria-describedby="cm-audit-tree-text" className="cm-audit-tree">
          <title id="cm-audit-tree-title">The way through the Merkle tree</title>
          <desc id="cm-audit-tree-text">{inWords(report, station)}</desc>
          {lines.map(([from, to]) => (
            <line key={`${from.x} ${from.y} ${to.y}`} x1={from.x} y1={from.y} x2={to.x} y2={to.y + BOX.height} className={`cm-audit-line cm-audit-line-${to.state}`} />
          ))}
          {boxes.map((one) => (
            <g key={`${one.x} ${one.y}`} className={`cm-audit-node cm-audit-node-${one.state}`}>
              <rect x={one.x - BOX.width / 2} y={one.y} width={BOX.width} height={BOX.height} rx={6} />
              <text x={one.x} y={one.y + 13} textAnchor="middle" className="cm-audit-node-title">
                {SIGN[one.state]}
                {one.title}
              </text>
              <text x={one.x} y={one.y + 25} textAnchor="middle" className="cm-audit-node-hash">
                {one.hash}
              </text>
            </g>
          ))}
        </svg>
      </div>
      <figcaption className="cm-subtle">From the event at the bottom to the signed checkpoint at the top. ✓ holds, ✕ fails, – could not be done. The list of steps says the same in words.</figcaption>
    </figure>
  );
}

/** Where a station is in the drawing. */
function placeOf(station: Station | undefined, boxes: { body: Box; leaf: Box; checkpoint: Box; key: Box; joined: Box[] }): Box {
  switch (station?.step.name) {
    case 'payload':
    case 'metadata':
      return boxes.body;
    case 'path':
    case 'root':
      return boxes.joined.at(station.round ?? -1) ?? boxes.leaf;
    case 'checkpoint':
      return boxes.checkpoint;
    case 'key':
    case 'signature':
      return boxes.key;
    default:
      return boxes.leaf;
  }
}

/** Never by colour alone. */
const SIGN: Record<State, string> = { ahead: '', now: '✓ ', holds: '✓ ', fails: '✕ ', skipped: '– ' };

function short(hash: Parameters<typeof hex>[0] | undefined): string {
  return hash ? `${hex(hash).slice(0, 10)}…` : '';
}

function inWords(report: Report, station: Station | undefined): string {
  const rounds = report.way.map(({ side, sibling, made }, round) => `round ${round + 1}: with ${short(sibling)} on the ${side}, makes ${short(made)}`);
  return [`Leaf ${short(report.leafHash)}`, ...rounds, `checkpoint root ${short(report.checkpoint?.root)}`].join('; ') + `. Shown up to: ${station?.title ?? ''}.`;
}
