/** The frame around every page: where one is, who one is, whether it is live. */
import { Brand, Button, Label, Masthead, MastheadBrand, MastheadContent, MastheadLogo, MastheadMain, MastheadToggle, Nav, NavItem, NavList, Page, PageSidebar, PageSidebarBody, PageToggleButton, Toolbar, ToolbarContent, ToolbarGroup, ToolbarItem } from '@patternfly/react-core';
import BarsIcon from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import SearchIcon from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { Link, NavLink, useLocation } from 'react-router';

import { follow, useLive } from '../api/live';
import { useSession } from '../api/session';
import { at } from '../kit/words';
import { Account } from './account';
import { AREAS } from './areas';
import { useMe } from './me';
import { SignInAgain } from './sign-in';

const Palette = lazy(() => import('./palette'));

export function Shell({ children }: { children: ReactNode }) {
  const session = useSession();
  const client = useQueryClient();
  const [palette, setPalette] = useState<'commands' | 'search' | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    void follow(client, stop.signal);
    return () => stop.abort();
  }, [client]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName));
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette('commands');
      } else if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        setPalette('search');
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  const main = () => document.getElementById('main')?.focus();
  return (
    <>
      <div className="cm-skip">
        <Button variant="primary" onClick={main}>
          Skip to the content
        </Button>
      </div>
      <Page masthead={<Head search={() => setPalette('search')} />} sidebar={<Side />} isManagedSidebar mainContainerId="main" mainTabIndex={-1} mainAriaLabel="Content">
        {children}
      </Page>
      {palette && (
        <Suspense>
          <Palette mode={palette} close={() => setPalette(undefined)} />
        </Suspense>
      )}
      {session.kind === 'expired' && <SignInAgain />}
    </>
  );
}

function Head({ search }: { search: () => void }) {
  return (
    <Masthead display={{ default: 'inline' }}>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton variant="plain" aria-label="Areas" icon={<BarsIcon />} />
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={(props) => <Link {...props} to="/fleet" className="cm-brand" aria-label="ClusterMaster" />}>
            <Brand src="./favicon.svg" alt="" widths={{ default: '32px' }} /> <span>ClusterMaster</span>
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isStatic aria-label="This hub">
          <ToolbarContent>
            <ToolbarGroup align={{ default: 'alignEnd' }} alignItems="center" gap={{ default: 'gapSm' }}>
              <ToolbarItem>
                <Live />
              </ToolbarItem>
              <ToolbarItem>
                <Button variant="plain" icon={<SearchIcon />} aria-label="Search (press /)" onClick={search} />
              </ToolbarItem>
              <ToolbarItem>
                <Account />
              </ToolbarItem>
            </ToolbarGroup>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </Masthead>
  );
}

function Live() {
  const live = useLive();
  return (
    <span role="status">
      {live.kind === 'live' ? (
        <Label status="success" isCompact variant="outline">
          Live
        </Label>
      ) : live.kind === 'connecting' ? (
        <Label isCompact variant="outline">
          Connecting
        </Label>
      ) : (
        <Label status="warning" isCompact>
          Reconnecting since {at(live.since)}
        </Label>
      )}
    </span>
  );
}

function Side() {
  const me = useMe();
  const here = useLocation().pathname.split('/')[1];
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label="Areas">
          <NavList>
            {AREAS.filter((area) => !area.permission || me.data?.permissions.includes(area.permission)).map((area) => (
              <NavItem key={area.path} isActive={here === area.path}>
                <NavLink to={`/${area.path}`}>
                  <span className="pf-v6-c-nav__link-icon" aria-hidden>
                    <area.icon />
                  </span>
                  <span className="pf-v6-c-nav__link-text">{area.title}</span>
                </NavLink>
              </NavItem>
            ))}
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
