import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { executionQuery, explainQuery } from "../../../api/queries";
import { isTroubled } from "../../../api/trouble";
import type { Execution } from "../../../api/types";
import { Failed, Loading } from "../../../parts/states";
import { EstimateCard } from "./EstimateCard";
import { Facts } from "./Facts";
import { Failures } from "./Failures";
import { Recap } from "./Recap";
import "./summary.css";

const route = getRouteApi("/shell/runs/$id/");

/**
 * A run at a glance: first why it failed, then the outcome of each host, then what ran, by whom, and with
 * which options.
 */
export function Summary(): ReactElement | null {
  const { id } = route.useParams();
  // The frame has read it, and shows none of this without it.
  const { data: run } = useQuery(executionQuery(id));
  if (run === undefined) {
    return null;
  }
  return (
    <div className="summary">
      {run.status === "running" && <EstimateCard run={run} />}
      <Why run={run} />
      <Recap run={run} />
      <Facts run={run} />
    </div>
  );
}

/** Why it failed. Only requested if something failed or was handled. */
function Why({ run }: { run: Execution }): ReactElement | null {
  const enabled = isTroubled(run);
  const { data, error, refetch } = useQuery({ ...explainQuery(run.id), enabled });
  if (!enabled) {
    return null;
  }
  if (data === undefined) {
    return error === null ? (
      <Loading what="why it failed" />
    ) : (
      <Failed error={error} what="why it failed" retry={() => void refetch()} />
    );
  }
  return <Failures explanation={data} />;
}

export { Summary as component };
