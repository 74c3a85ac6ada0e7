import { Progress } from "@patternfly/react-core/dist/esm/components/Progress";
import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { estimateQuery } from "../../../api/queries";
import type { Estimate, Execution } from "../../../api/types";
import { Duration } from "../../../parts/Duration";
import { duration, plural } from "../../../parts/format";
import { HostLink } from "../../../parts/HostLink";
import { Name } from "../../../parts/Name";

/** The remaining time of a running execution, and what it waits for. */
export function EstimateCard({ run }: { run: Execution }): ReactElement | null {
  const { data } = useQuery({ ...estimateQuery(run.id), refetchInterval: 3_000 });
  if (data === undefined || data.status !== "running") {
    return null;
  }
  const { usual, elapsed, task, hosts_running, waits_for } = data;
  return (
    <section className="summary-section" aria-labelledby="summary-now">
      <Title headingLevel="h2" size="lg" id="summary-now">
        {task ? (
          <>
            Running now: <Name>{task}</Name>
          </>
        ) : (
          "Running now"
        )}
      </Title>
      {usual ? (
        <Progress
          value={Math.min(100, (100 * elapsed) / usual)}
          title={estimateWords(data)}
          measureLocation="none"
          size="sm"
          {...(data.is_overdue && { variant: "warning" as const })}
        />
      ) : (
        <p>{estimateWords(data)}</p>
      )}
      {waits_for.length > 0 && (
        <>
          <p className="summary-waits">{plural(hosts_running, "host")} at work; waiting longest for:</p>
          <ul className="summary-handled">
            {waits_for.map(({ host, task: its, since }) => (
              <li key={host}>
                <HostLink name={host} /> in <Name>{its}</Name>
                {since && (
                  <>
                    {" "}
                    for <Duration seconds={undefined} since={since} />
                  </>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** "About 1 min 12 s left; usually 2 min, based on 5 runs". */
export function estimateWords({ usual, remaining, based_on, is_overdue }: Estimate): string {
  if (usual === null || usual === undefined || based_on === 0) {
    return "No estimate: no earlier run like this one.";
  }
  const judged = `usually ${duration(usual)}, based on ${plural(based_on, "run")}`;
  if (is_overdue) {
    return `Much longer than usual: ${judged}`;
  }
  return remaining ? `About ${duration(remaining)} left; ${judged}` : `Should be over by now; ${judged}`;
}
