import "@patternfly/react-styles/css/components/Tabs/tabs.css";
import { Link, useMatchRoute } from "@tanstack/react-router";
import type { ReactElement } from "react";

const TABS = [
  { to: "/runs/$id", name: "Summary" },
  { to: "/runs/$id/console", name: "Console" },
  { to: "/runs/$id/tasks", name: "Tasks" },
  { to: "/runs/$id/matrix", name: "Matrix" },
  { to: "/runs/$id/timeline", name: "Timeline" },
] as const;

/** The views of a run. They look like PatternFly's tabs, but are links: each has its own address. */
export function RunTabs({ id }: { id: string }): ReactElement {
  const matches = useMatchRoute();
  return (
    <nav className="pf-v6-c-tabs run-tabs" aria-label="Views of this run">
      <ul className="pf-v6-c-tabs__list">
        {TABS.map(({ to, name }) => (
          <li
            key={to}
            className={`pf-v6-c-tabs__item${matches({ to, params: { id } }) === false ? "" : " pf-m-current"}`}
          >
            <Link
              to={to}
              params={{ id }}
              className="pf-v6-c-tabs__link"
              activeOptions={{ exact: true, includeSearch: false }}
            >
              <span className="pf-v6-c-tabs__item-text">{name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
