/** What can be done from anywhere. */
import ArrowRightIcon from '@patternfly/react-icons/dist/esm/icons/arrow-right-icon';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import HistoryIcon from '@patternfly/react-icons/dist/esm/icons/history-icon';
import MoonIcon from '@patternfly/react-icons/dist/esm/icons/moon-icon';
import PlusCircleIcon from '@patternfly/react-icons/dist/esm/icons/plus-circle-icon';
import SignOutAltIcon from '@patternfly/react-icons/dist/esm/icons/sign-out-alt-icon';
import type { ReactNode } from 'react';

import { signOut } from '../../api/session';
import { mayLeave } from '../../kit/leave';
import { AREAS } from '../areas';
import { choose, type Theme } from '../theme';

export interface Choice {
  id: string;
  title: string;
  about?: string;
  icon?: ReactNode;
  /** Words that lead to it besides its title. */
  words?: string;
  /** Where it leads. */
  to?: string;
  /** Or what it does; a text that it answers with is shown, and the palette stays. */
  run?: () => Promise<string | undefined>;
  /** A cluster or an entry: the palette offers it again. */
  target?: boolean;
}

const THEMES: Record<Theme, string> = { light: 'light', dark: 'dark', system: 'as the system' };

/** The link to what is on the page, its filters and its moment among it. */
async function copyLink(): Promise<string> {
  const link = location.href;
  try {
    await navigator.clipboard.writeText(link);
    return 'The link is copied.';
  } catch {
    // Without TLS a browser lets no page copy.
    return `This browser lets no page copy here. The link: ${link}`;
  }
}

const ACTIONS: readonly (Choice & { permission?: string })[] = [
  { id: 'import', title: 'Import a cluster', words: 'add new kubeconfig', icon: <PlusCircleIcon />, to: '/clusters/import', permission: 'clusters:manage' },
  { id: 'export', title: 'Create an export', words: 'add new siem splunk syslog kafka webhook', icon: <PlusCircleIcon />, to: '/exports/new', permission: 'exports:manage' },
  { id: 'compare', title: 'Compare two moments', words: 'diff past difference time travel', icon: <HistoryIcon />, to: '/clusters/compare', permission: 'clusters:read' },
  { id: 'replay', title: 'Replay a period', words: 'past history time travel incident', icon: <HistoryIcon />, to: '/audit/replay', permission: 'audit:read' },
  { id: 'copy', title: 'Copy link to this view', words: 'share url address', icon: <CopyIcon />, run: copyLink },
  ...(['light', 'dark', 'system'] as const).map((theme) => ({
    id: `theme-${theme}`,
    title: `Theme: ${THEMES[theme]}`,
    words: 'colour color mode appearance night',
    icon: <MoonIcon />,
    run: () => {
      choose(theme);
      return Promise.resolve(undefined);
    },
  })),
  { id: 'sign-out', title: 'Sign out', words: 'log out leave session', icon: <SignOutAltIcon />, run: () => mayLeave().then((leaves) => (leaves ? signOut() : undefined)).then(() => undefined) },
];

/** What somebody with these permissions may do and see. */
export function actions(permissions: readonly string[]): Choice[] {
  const may = ({ permission }: { permission?: string }) => permission === undefined || permissions.includes(permission);
  const areas = AREAS.filter(may).map((area): Choice => ({ id: `area-${area.path}`, title: `Go to ${area.title}`, icon: <ArrowRightIcon />, to: `/${area.path}` }));
  return [...areas, ...ACTIONS.filter(may)];
}

/** Those in which every word of the text begins a word. */
export function fitting(all: readonly Choice[], text: string): Choice[] {
  const asked = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => {
    const words = `${one.title} ${one.words ?? ''}`.toLowerCase().split(/[\s:]+/);
    return asked.every((part) => words.some((word) => word.startsWith(part)));
  });
}
