/** A playbook's last runs as small bars: the height is the duration, the colour (and the words) the status. */
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { RecentRun } from "../../api/types";
import { duration, plural } from "../../parts/format";

type Brief = Pick<RecentRun, "id" | "status" | "duration">;

interface Props {
  playbook: string;
  /** The row's own run. */
  id: string;
  /** The playbook's last runs, the oldest first; missing while they are not known. */
  runs: readonly RecentRun[] | undefined;
}

/** The bars of a row; its own run is marked. */
export function LastRuns({ playbook, id, runs }: Props): ReactElement | null {
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

/** "The last 30 runs of this playbook: 2 failed, 1 running, median 8.2 s". */
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
