/** The areas of the interface. A new one is a folder beside the others and a line here. */
import ClusterIcon from '@patternfly/react-icons/dist/esm/icons/cluster-icon';
import CogIcon from '@patternfly/react-icons/dist/esm/icons/cog-icon';
import ExportIcon from '@patternfly/react-icons/dist/esm/icons/export-icon';
import HomeIcon from '@patternfly/react-icons/dist/esm/icons/home-icon';
import ListIcon from '@patternfly/react-icons/dist/esm/icons/list-icon';
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';

interface Area {
  /** Its first segment of the address. */
  path: string;
  title: string;
  icon: ComponentType;
  /** Without this permission it is not shown. */
  permission?: string;
  /** Its routes, below the path. */
  routes: LazyExoticComponent<ComponentType>;
  /** Fetches their script ahead of time. */
  preload: () => void;
}

function area(load: () => Promise<{ default: ComponentType }>, rest: Omit<Area, 'routes' | 'preload'>): Area {
  // A failure is told when the area is opened.
  return { ...rest, routes: lazy(load), preload: () => void load().catch(() => undefined) };
}

export const AREAS: readonly Area[] = [
  area(() => import('../areas/fleet/page'), { path: 'fleet', title: 'Fleet', icon: HomeIcon, permission: 'clusters:read' }),
  area(() => import('../areas/clusters/page'), { path: 'clusters', title: 'Clusters', icon: ClusterIcon, permission: 'clusters:read' }),
  area(() => import('../areas/audit/page'), { path: 'audit', title: 'Audit', icon: ListIcon, permission: 'audit:read' }),
  area(() => import('../areas/exports/page'), { path: 'exports', title: 'Exports', icon: ExportIcon, permission: 'exports:read' }),
  area(() => import('../areas/settings/page'), { path: 'settings', title: 'Settings', icon: CogIcon }),
];

/** The script of the area at a path (`/fleet` where it names none) comes along with what is asked before it can be shown. */
export function preloadArea(path: string) {
  const first = path.split('/').find((segment) => segment !== '') ?? 'fleet';
  AREAS.find((one) => one.path === first)?.preload();
}
