import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import HourglassIcon from "@patternfly/react-icons/dist/esm/icons/hourglass-icon";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { estimateQuery } from "../../api/queries";
import type { ExecutionFields } from "../../api/types";
import { Duration } from "../../parts/Duration";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { duration } from "../../parts/format";
import { runName } from "../../parts/runs";
import { goingQuery } from "./queries";
import { Section } from "./Section";
import type { TrendsSearch } from "./search";

/** The longest-running executions; marked if earlier runs took much less time. */
export function Going({ search }: { search: TrendsSearch }): ReactElement {
  const { playbook, host } = search;
  const { data = [] } = useQuery(
    goingQuery({ ...(playbook !== undefined && { playbook }), ...(host !== undefined && { host }) }),
  );
  return (
    <Section
      title="Runs that do not end"
      about="Running now, the oldest first. One is overdue if it takes half as long again as the longest of earlier ones."
      isWide={false}
    >
      {data.length === 0 && <p>Nothing is running.</p>}
      <ul className="trends-list">
        {data.map((run) => (
          <GoingRun key={run.id} run={run} />
        ))}
      </ul>
      {data.length > 0 && (
        <Link to="/runs" search={{ status: "running", order: "asc" }}>
          All that is running
        </Link>
      )}
    </Section>
  );
}

function GoingRun({ run }: { run: ExecutionFields }): ReactElement | null {
  const { id = "", start_time } = run;
  const { data: estimate } = useQuery({ ...estimateQuery(id), enabled: id !== "" });
  if (id === "") {
    return null;
  }
  const usual = estimate?.usual;
  return (
    <li>
      <ExecutionLink id={id}>{runName(run)}</ExecutionLink>{" "}
      {estimate?.is_overdue && (
        <Label color="orange" icon={<HourglassIcon />} isCompact>
          overdue
        </Label>
      )}
      <div>
        running for <Duration seconds={undefined} since={start_time} />
        {usual ? `, usually ${duration(usual)}` : ""}
      </div>
    </li>
  );
}
