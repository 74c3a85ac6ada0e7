import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { ApiError } from "../../api/error";
import { executionQuery } from "../../api/queries";
import { LinkButton } from "../../parts/LinkButton";
import { useDocumentTitle } from "../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../parts/states";
import { Notices } from "./Notices";
import { RunHeader } from "./RunHeader";
import { RunTabs } from "./RunTabs";
import "./run.css";

const route = getRouteApi("/shell/runs/$id");

/** The frame of a run's pages: its name and status, its actions, and its tabs. */
export function Run(): ReactElement {
  const { id } = route.useParams();
  const { data: run, error, refetch } = useQuery(executionQuery(id));
  const isMissing = error instanceof ApiError && error.isMissing;
  if (run === undefined) {
    if (error === null) {
      return <Loading what="the run" />;
    }
    return isMissing ? (
      <NoRun />
    ) : (
      <Failed isPage error={error} what="the run" retry={() => void refetch()} />
    );
  }
  return (
    <div className="run">
      <RunHeader run={run} isDeleted={isMissing} />
      <Notices run={run} isDeleted={isMissing} />
      <RunTabs id={id} />
      <div className="run-tab">
        <Outlet />
      </div>
    </div>
  );
}

function NoRun(): ReactElement {
  useDocumentTitle("Run not found");
  return (
    <Empty isPage title="Run not found" actions={<LinkButton to="/runs">To the runs</LinkButton>}>
      It was deleted, or the link is wrong. The audit trail says who deleted a run.
    </Empty>
  );
}

export { Run as component };
