import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { Schedule } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { Name } from "../../parts/Name";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { cronWords } from "./cron";
import { ScheduleState } from "./StateLabel";
import { Until } from "./Times";
import { Why } from "./Why";
import { inZone, OUTCOME_WORDS, runTitle } from "./words";

/** A row for each schedule: when it runs, the outcome of its last time, and what would prevent its next run. */
export function ScheduleTable({ schedules }: { schedules: readonly Schedule[] }): ReactElement {
  return (
    <Table aria-label="Schedules" variant="compact">
      <Thead>
        <Tr>
          <Th>Schedule</Th>
          <Th>When</Th>
          <Th>Next</Th>
          <Th>Last</Th>
          <Th>State</Th>
        </Tr>
      </Thead>
      <Tbody>
        {schedules.map((schedule) => (
          <Tr key={schedule.name}>
            <Td dataLabel="Schedule">
              <Link to="/schedules/$name" params={{ name: schedule.name }} className="pb-break">
                <Name>{schedule.name}</Name>
              </Link>
              <div className="pb-subtle pb-small pb-break">
                <Name>{runTitle(schedule.run)}</Name>
                {schedule.run.inventory && (
                  <>
                    {" "}
                    on <Name>{schedule.run.inventory}</Name>
                  </>
                )}
              </div>
            </Td>
            <Td dataLabel="When">
              {cronWords(schedule.cron)}
              <div className="pb-subtle pb-small">{schedule.zone}</div>
            </Td>
            <Td dataLabel="Next">
              <Next time={schedule.next[0]} />
            </Td>
            <Td dataLabel="Last">
              <Last schedule={schedule} />
            </Td>
            <Td dataLabel="State">
              <ScheduleState schedule={schedule} />
              {schedule.blocked && (
                <div className="pb-subtle pb-small pb-break">
                  <Why schedule={schedule} />
                </div>
              )}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

/** In the user's time zone; the time in the schedule's zone is below if it differs. */
function Next({ time }: { time: string | undefined }): ReactElement {
  return time === undefined ? (
    <span className="pb-subtle">none</span>
  ) : (
    <>
      <Until at={time} />
      <div className="pb-subtle pb-small">{inZone(time)}</div>
    </>
  );
}

/** The outcome of the last time: for a run, its status. */
function Last({ schedule }: { schedule: Schedule }): ReactElement {
  const { past, last_execution, last_status } = schedule;
  const last = past[0];
  if (last === undefined) {
    return <span className="pb-subtle">never</span>;
  }
  const isRun = last.execution && last.execution === last_execution;
  return (
    <>
      {isRun && last_status ? (
        <>
          <StatusLabel status={last_status} />{" "}
          <ExecutionLink id={last.execution ?? ""}>
            <Time at={last.decided} as="ago" />
          </ExecutionLink>
        </>
      ) : (
        <>
          {OUTCOME_WORDS[last.outcome]}, <Time at={last.decided} as="ago" />
        </>
      )}
    </>
  );
}
