/**
 * The frame of every page: masthead, navigation, banner; and what keeps it up to date: the live connection, the login.
 */
import { Nav, NavItem, NavList } from "@patternfly/react-core/dist/esm/components/Nav";
import {
  Page,
  PageSection,
  PageSidebar,
  PageSidebarBody,
} from "@patternfly/react-core/dist/esm/components/Page";
import { SkipToContent } from "@patternfly/react-core/dist/esm/components/SkipToContent";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { AwayBanner } from "./AwayBanner";
import { Header } from "./Header";
import { useLive } from "./live";
import { useScrollMemory } from "./scroll";
import { useScopes } from "./session";
import "./app.css";

const MAIN = "main";

export function Shell(): ReactElement {
  const retry = useLive();
  useScrollMemory(MAIN);
  const skip = (
    <SkipToContent
      href={`#${MAIN}`}
      onClick={(event) => {
        // Not by the address: its hash belongs to the pages, such as the console's `#L120`.
        event.preventDefault();
        document.getElementById(MAIN)?.focus();
      }}
    >
      Skip to content
    </SkipToContent>
  );
  return (
    <Page
      className="app-shell"
      masthead={<Header />}
      sidebar={<Navigation />}
      isManagedSidebar
      skipToContent={skip}
      mainContainerId={MAIN}
      banner={<AwayBanner retry={retry} />}
      isContentFilled
    >
      <PageSection isFilled className="app-page">
        <Outlet />
      </PageSection>
    </Page>
  );
}

function Navigation(): ReactElement {
  const { can } = useScopes();
  const path = useLocation({ select: (location) => location.pathname });
  const pages = [
    { to: "/runs", name: "Runs", isShown: true },
    { to: "/search", name: "Search", isShown: true },
    { to: "/hosts", name: "Hosts", isShown: true },
    { to: "/trends", name: "Trends", isShown: true },
    { to: "/reports", name: "Reports", isShown: true },
    { to: "/launch", name: "Launch", isShown: can("run") },
    { to: "/schedules", name: "Schedules", isShown: true },
    { to: "/notifications", name: "Notifications", isShown: can("admin") },
    { to: "/audit", name: "Audit", isShown: can("admin") },
    { to: "/settings", name: "Settings", isShown: true },
  ] as const;
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label="Pages">
          <NavList>
            {pages
              .filter(({ isShown }) => isShown)
              .map(({ to, name }) => (
                <NavItem key={to} itemId={to} isActive={path === to || path.startsWith(`${to}/`)}>
                  <Link to={to}>{name}</Link>
                </NavItem>
              ))}
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
