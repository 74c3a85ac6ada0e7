import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import InProgressIcon from "@patternfly/react-icons/dist/esm/icons/in-progress-icon";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { Execution } from "../../../api/types";
import { runCost, runCostParts } from "../../../parts/cost";
import { ExecutionLink } from "../../../parts/ExecutionLink";
import { duration, integer, plural } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { Time } from "../../../parts/Time";
import { type Fact, facts, isByHand } from "./facts";

const SECTIONS = [
  ["what", "What"],
  ["who", "Who and why"],
  ["with", "With what"],
] as const;

/** What ran, who ran it and why, and with which options; and whether the record is complete. */
export function Facts({ run }: { run: Execution }): ReactElement {
  const all = facts(run);
  return (
    <section className="summary-section" aria-labelledby="summary-run">
      <Title headingLevel="h2" size="lg" id="summary-run">
        This run
      </Title>
      <div className="summary-columns">
        {SECTIONS.map(([key, title]) => (
          <div key={key}>
            <Title headingLevel="h3" size="md">
              {title}
            </Title>
            <List facts={all[key]} />
            {key === "who" && run.schedule && (
              <p>
                {isByHand(run) ? "Run by hand from the schedule" : "Started by the schedule"}{" "}
                <Link to="/schedules/$name" params={{ name: run.schedule }}>
                  <Name>{run.schedule}</Name>
                </Link>
              </p>
            )}
            {key === "what" && run.replay_of && (
              <p>
                Replays <ExecutionLink id={run.replay_of} />
              </p>
            )}
            {key === "what" && run.parent && (
              <p>
                Started by <ExecutionLink id={run.parent} />
              </p>
            )}
          </div>
        ))}
        <div>
          <Title headingLevel="h3" size="md">
            The record
          </Title>
          <Completeness run={run} />
          <List
            facts={[
              ["Results", integer(run.results)],
              ["Printed lines", integer(run.output_lines)],
              ...cpu(run),
              ...cost(run),
            ]}
          />
        </div>
      </div>
    </section>
  );
}

/** The processor time of Ansible itself. */
function cpu({ usage }: Execution): Fact[] {
  const { user_s, system_s } = usage ?? {};
  return user_s === undefined || system_s === undefined
    ? []
    : [["Processor time", `${duration(user_s)} user, ${duration(system_s)} system`]];
}

/** What it cost, if prices are configured and it is finished. */
function cost({ cost }: Execution): Fact[] {
  if (!cost) {
    return [];
  }
  const parts = runCostParts(cost);
  return [["Cost", parts === "" ? runCost(cost) : `${runCost(cost)} (${parts})`]];
}

function List({ facts }: { facts: readonly Fact[] }): ReactElement {
  return (
    <dl className="summary-facts">
      {facts.map(([name, value, isCode]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={isCode ? "pb-code" : undefined}>
            <Name>{value}</Name>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Whether every event arrived, so that users need not wonder whether something is missing. */
function Completeness({ run }: { run: Execution }): ReactElement {
  const { complete, received, expected, missing } = run.events;
  if (complete) {
    return (
      <p className="summary-complete">
        <CheckCircleIcon className="summary-good" /> Complete: {integer(received)} of{" "}
        {plural(expected ?? received, "event")}
      </p>
    );
  }
  return run.status === "running" ? (
    <p className="summary-complete">
      <InProgressIcon /> {plural(received, "event")} so far
    </p>
  ) : (
    <p className="summary-complete">
      <ExclamationTriangleIcon className="summary-bad" /> {plural(received, "event")} of{" "}
      {expected ? integer(expected) : "an unknown number"}
      {missing && <>: {missing}</>}
      {run.end_time && (
        <>
          {" "}
          (last at <Time at={run.end_time} />)
        </>
      )}
    </p>
  );
}
