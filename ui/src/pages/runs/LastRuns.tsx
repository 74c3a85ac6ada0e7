/** A playbook's last runs as small bars: the height is the duration, the colour (and the words) how it ended. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { api, read } from "../../api/client";
import type { ExecutionFields } from "../../api/types";
import { duration, plural } from "../../parts/format";

/** How many bars. */
const RUNS = 30;
const FIELDS = "id,status,duration";

type Brief = Pick<ExecutionFields, "id" | "status" | "duration">;

/** One request for each playbook, however many of its runs are in the list. */
function lastRunsQuery(playbook: string) {
  return queryOptions({
    queryKey: ["last-runs", playbook] as const,
    queryFn: async ({ signal }): Promise<Brief[]> => {
      const params = { query: { playbook, limit: RUNS, fields: FIELDS } };
      const { executions } = await read(api.GET("/api/v1/ansible/executions", { params, signal }));
      return executions.reverse();
    },
    staleTime: 30_000,
    refetchInterval: 60_000,
  });
}

/** The bars of a row; its own run is marked. */
export function LastRuns({ playbook, id }: { playbook: string; id: string }): ReactElement | null {
  const { data: runs } = useQuery(lastRunsQuery(playbook));
  if (runs === undefined || runs.length < 2) {
    return null;
  }
  return (
    <Link
      to="/runs"
      search={{ playbook }}
      className="runs-last"
      title={lastRunsWords(runs)}
      aria-label={lastRunsWords(runs)}
    >
      <Bars runs={runs} id={id} />
    </Link>
  );
}

export function Bars({ runs, id }: { runs: readonly Brief[]; id: string }): ReactElement {
  const longest = Math.max(...runs.map((run) => run.duration ?? 0), 0.1);
  return (
    <span className="runs-bars" aria-hidden="true">
      {runs.map((run) => (
        <span
          key={run.id}
          className={`runs-bar runs-bar-${run.status}${run.id === id ? " runs-bar-this" : ""}`}
          style={{ height: `${Math.max(12, Math.round((100 * (run.duration ?? 0)) / longest))}%` }}
        />
      ))}
    </span>
  );
}

/** "Last 30 runs: 2 failed, 1 running; 8.2 s in the middle". */
export function lastRunsWords(runs: readonly Brief[]): string {
  const failed = runs.filter(({ status }) => status === "failed").length;
  const running = runs.filter(({ status }) => status === "running").length;
  const took = runs
    .flatMap((run) => (typeof run.duration === "number" ? [run.duration] : []))
    .sort((a, b) => a - b);
  const middle = took[Math.floor(took.length / 2)];
  const parts = [
    failed === 0 ? "none failed" : `${failed} failed`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(middle === undefined ? [] : [`median ${duration(middle)}`]),
  ];
  return `The last ${plural(runs.length, "run")} of this playbook: ${parts.join(", ")}`;
}
