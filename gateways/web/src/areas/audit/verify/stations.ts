/** The steps of a report as one walks through them: the way up the tree is a station for each round. */
import { hex } from './bytes';
import type { Hashes, Report, Step } from './verify';
import { ABOUT } from './words';

export interface Station {
  step: Step;
  /** Which joining of the way up it shows. */
  round: number | undefined;
  title: string;
  about: string;
  hashes: Hashes[];
}

export function stations(report: Report): Station[] {
  return report.steps.flatMap((step): Station[] => {
    const about = ABOUT[step.name];
    if (step.name !== 'path' || report.way.length === 0) {
      const alone = step.name === 'path' && step.status === 'holds' ? ' This ledger has one entry: its leaf is the root, and there is nothing to climb.' : '';
      return [{ step, round: undefined, title: step.title, about: about + alone, hashes: step.hashes ? [step.hashes] : [] }];
    }
    return report.way.map(({ side, sibling, made }, round) => ({
      step,
      round,
      title: `${step.title}: round ${round + 1} of ${report.way.length}`,
      about: round === 0 ? about : `The partner stands on the ${side}. Its hash and the one from the round before are joined and hashed again.`,
      hashes: [
        { of: `the partner on the ${side}, as the proof names it`, computed: '', expected: hex(sibling) },
        { of: round + 1 === report.way.length ? 'the two joined: the top of the way' : 'the two joined', computed: hex(made), expected: '' },
      ],
    }));
  });
}

/** One sentence that stands for the whole. */
export function verdict(report: Report): { title: string; text: string } {
  const failed = report.steps.find((one) => one.status === 'fails');
  if (failed) return { title: `Not proven: “${failed.title}” fails`, text: [failed.fault, failed.meaning].filter(Boolean).join(' ') };
  const entries = report.checkpoint?.size.toLocaleString() ?? '';
  const place = report.leaf?.sequence.toLocaleString() ?? '';
  return report.trust === 'held'
    ? { title: 'Proven by the key that you hold', text: `This is entry ${place}, counted from 0, of a ledger of ${entries} entries, exactly as it was recorded. The checkpoint over them was signed with the key that you hold.` }
    : { title: 'Proven, by the hub’s own word for its key', text: `This is entry ${place}, counted from 0, of a ledger of ${entries} entries, exactly as the hub has signed it. The key was named by the hub itself: bring a key that you hold to know that nobody signed another ledger.` };
}
