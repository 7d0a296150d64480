/** The areas of the interface. A new one is a folder beside the others and a line here. */
import ClusterIcon from '@patternfly/react-icons/dist/esm/icons/cluster-icon';
import CogIcon from '@patternfly/react-icons/dist/esm/icons/cog-icon';
import ExportIcon from '@patternfly/react-icons/dist/esm/icons/export-icon';
import HomeIcon from '@patternfly/react-icons/dist/esm/icons/home-icon';
import ListIcon from '@patternfly/react-icons/dist/esm/icons/list-icon';
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';

export interface Area {
  /** Its first segment of the address. */
  path: string;
  title: string;
  icon: ComponentType;
  /** Without this permission it is not shown. */
  permission?: string;
  /** Its routes, below the path. */
  routes: LazyExoticComponent<ComponentType>;
}

export const AREAS: readonly Area[] = [
  { path: 'fleet', title: 'Fleet', icon: HomeIcon, permission: 'clusters:read', routes: lazy(() => import('../areas/fleet/page')) },
  { path: 'clusters', title: 'Clusters', icon: ClusterIcon, permission: 'clusters:read', routes: lazy(() => import('../areas/clusters/page')) },
  { path: 'audit', title: 'Audit', icon: ListIcon, permission: 'audit:read', routes: lazy(() => import('../areas/audit/page')) },
  { path: 'exports', title: 'Exports', icon: ExportIcon, permission: 'exports:read', routes: lazy(() => import('../areas/exports/page')) },
  { path: 'settings', title: 'Settings', icon: CogIcon, routes: lazy(() => import('../areas/settings/page')) },
];
