import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { hostRunsQuery, resultsQuery } from "../../../api/run";
import type { Execution, TaskResult } from "../../../api/types";
import { Duration } from "../../../parts/Duration";
import { OutcomeLabel } from "../../../parts/OutcomeLabel";
import { Failed, Loading } from "../../../parts/states";
import { Time } from "../../../parts/Time";
import { outcomeOfResult } from "../../../result/marks";
import { sameTask } from "./choose";

/** Number of runs of the host that are searched, and of runs of the playbook that are shown. */
const LOOKED_AT = 100;
const SHOWN = 8;

interface Props {
  run: Execution;
  result: TaskResult;
}

/** The outcome of the same task on the same host in other runs of the playbook. Read when it is unfolded. */
export function Earlier({ run, result }: Props): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <ExpandableSection
      className="pb-result__section"
      toggleText="This task on this host in other runs"
      isExpanded={isOpen}
      onToggle={(_, open) => setOpen(open)}
    >
      {isOpen && <Runs run={run} result={result} />}
    </ExpandableSection>
  );
}

function Runs({ run, result }: Props): ReactElement {
  const { data, error } = useQuery(hostRunsQuery(result.host, LOOKED_AT));
  if (!data) {
    return error ? <Failed error={error} what="the host's runs" /> : <Loading what="the host's runs" />;
  }
  const others = data.runs
    .filter((one) => one.execution !== run.id && one.playbook === run.playbook && one.module === run.module)
    .slice(0, SHOWN);
  if (others.length === 0) {
    return <p>No other of the host’s last {LOOKED_AT} runs is like this one.</p>;
  }
  return (
    <ul>
      {others.map((one) => (
        <li key={one.execution}>
          <Link to="/runs/$id" params={{ id: one.execution }}>
            <Time at={one.start_time} />
          </Link>{" "}
          <Ended id={one.execution} result={result} />
        </li>
      ))}
    </ul>
  );
}

function Ended({ id, result }: { id: string; result: TaskResult }): ReactElement {
  const { data, error } = useQuery(resultsQuery(id, { host: result.host }, 1_000));
  const same = data && sameTask(data.entries, result);
  if (!data) {
    return <span>{error ? "could not be read" : "…"}</span>;
  }
  if (!same) {
    return <span>did not have the task</span>;
  }
  return (
    <>
      <OutcomeLabel outcome={outcomeOfResult(same)} />{" "}
      <Link
        to="/runs/$id/results/$task/$host"
        params={{ id, task: String(same.task), host: same.host }}
        search={{}}
      >
        Result
      </Link>{" "}
      <Duration seconds={same.duration} />
    </>
  );
}
