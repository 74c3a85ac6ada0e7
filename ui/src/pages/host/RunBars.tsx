import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { usePreferences } from "../../app/preferences";
import { dateTime, duration } from "../../parts/format";
import { recapWords, secondsOf } from "../../parts/hostRuns";
import { runName } from "../../parts/runs";
import { barHeight } from "./bars";
import { hostRunsQuery } from "./queries";

/** Number of runs that have a bar. */
const BARS = 30;

/**
 * A bar for each of the last runs, the newest at the right: its height is the duration, its colour and its shape the
 * host's own status. Each leads to its run; screen readers and the pointer get the words.
 */
export function RunBars({ name }: { name: string }): ReactElement | null {
  const { zone } = usePreferences();
  const { data } = useQuery(hostRunsQuery(name, { limit: BARS }));
  if (data === undefined || data.runs.length < 2) {
    return null;
  }
  const runs = data.runs.toReversed();
  const longest = Math.max(...runs.map((run) => secondsOf(run) ?? 0));
  return (
    <section aria-labelledby="host-bars-title" className="host-bars-section">
      <h2 id="host-bars-title" className="pb-subtle pb-small">
        The last {runs.length} runs: height is the duration (longest {duration(longest)})
      </h2>
      <ol className="host-bars">
        {runs.map((run) => {
          const seconds = secondsOf(run);
          const words = [
            run.status,
            runName(run),
            dateTime(new Date(run.start_time), zone),
            seconds === undefined ? "running" : duration(seconds),
            recapWords(run.stats),
          ].join(", ");
          return (
            <li key={run.execution}>
              <Link
                to="/runs/$id"
                params={{ id: run.execution }}
                aria-label={words}
                title={words}
                className="host-bar"
              >
                <span
                  className={`host-bar-fill host-bar-${run.status}`}
                  style={{ height: `${barHeight(seconds, longest)}%` }}
                />
              </Link>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
