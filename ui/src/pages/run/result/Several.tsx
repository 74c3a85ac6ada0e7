import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { TaskResult } from "../../../api/types";
import { Time } from "../../../parts/Time";
import { outcomeOfResult } from "../../../result/marks";

const route = getRouteApi("/shell/runs/$id/results/$task/$host");

interface Props {
  results: readonly TaskResult[];
  chosen: TaskResult;
}

/** The choice among several results: a task that was repeated in the debugger has one for each time. */
export function Several({ results, chosen }: Props): ReactElement | null {
  const { Link } = route;
  if (results.length < 2) {
    return null;
  }
  return (
    <nav aria-label="Results of this task on this host">
      {results.map((result, at) => (
        <span key={result.seq}>
          {at > 0 && " · "}
          <Link
            to="."
            search={{ seq: result.seq }}
            {...(result.seq === chosen.seq && { "aria-current": "true" as const })}
          >
            {outcomeOfResult(result)}, <Time at={result.end_time} />
          </Link>
        </span>
      ))}
    </nav>
  );
}
