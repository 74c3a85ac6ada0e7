import { Tab, Tabs, TabTitleText } from "@patternfly/react-core/dist/esm/components/Tabs";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { failureOf } from "../../parts/failure";
import { Failed, Loading } from "../../parts/states";
import { Changes } from "./Changes";
import { Facts } from "./Facts";
import { Groups } from "./Groups";
import { Head } from "./Head";
import { hostQuery } from "./queries";
import { RunBars } from "./RunBars";
import { Runs } from "./Runs";
import { TABS, type Tab as TabName } from "./search";
import "./host.css";

const route = getRouteApi("/shell/hosts/$name");

const NAMES: { readonly [tab in TabName]: string } = {
  runs: "Runs",
  changes: "Changes",
  facts: "Facts",
  groups: "Groups",
};

/** One host: its status in its runs, its changes, its facts and groups, now and in the past. */
export function Host(): ReactElement {
  const { name } = route.useParams();
  const { tab = "runs" } = route.useSearch();
  const navigate = route.useNavigate();
  const host = useQuery(hostQuery(name));
  const failure = failureOf(host);
  if (failure !== undefined) {
    return <Failed error={failure} what="the host" retry={() => void host.refetch()} />;
  }
  if (host.data === undefined) {
    return <Loading what="the host" />;
  }
  return (
    <>
      <Head host={host.data} />
      <RunBars name={name} />
      <Tabs
        activeKey={tab}
        aria-label="About this host"
        onSelect={(_, key) => void navigate({ search: { tab: TABS.find((one) => one === key) } })}
        mountOnEnter
        unmountOnExit
        className="host-tabs"
      >
        {TABS.map((one) => (
          <Tab key={one} eventKey={one} title={<TabTitleText>{NAMES[one]}</TabTitleText>}>
            <div className="host-tab">
              {one === "runs" && <Runs name={name} />}
              {one === "changes" && <Changes name={name} />}
              {one === "facts" && <Facts name={name} />}
              {one === "groups" && <Groups name={name} />}
            </div>
          </Tab>
        ))}
      </Tabs>
    </>
  );
}

export { Host as component };
