import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { runsQuery } from "../../../api/queries";
import type { ListedExecution, Schedule, ScheduleTime } from "../../../api/types";
import { Duration } from "../../../parts/Duration";
import { ExecutionLink } from "../../../parts/ExecutionLink";
import { plural } from "../../../parts/format";
import { HostCounts } from "../../../parts/HostCounts";
import { Name } from "../../../parts/Name";
import { quoted } from "../../../parts/query/edit";
import { StatusLabel } from "../../../parts/StatusLabel";
import { Empty, sentence } from "../../../parts/states";
import { Time } from "../../../parts/Time";
import { OUTCOME_WORDS } from "../words";

/** The outcome of its last times: a run with its status, or why there is none. */
export function Past({ schedule }: { schedule: Schedule }): ReactElement {
  const { past } = schedule;
  // At most as many as there are times; a run whose time is older is not searched for.
  const runs = useQuery(runsQuery({ q: `schedule:${quoted(schedule.name)}`, limit: 100 }));
  const byId = new Map((runs.data?.executions ?? []).map((run) => [run.id, run]));
  return (
    <section aria-labelledby="schedule-past">
      <Title headingLevel="h2" size="lg" id="schedule-past">
        Last times
      </Title>
      {past.length === 0 ? (
        <Empty title="Its time has not come yet">
          Each time appears here with the run that was started, or with the reason why there is none.
        </Empty>
      ) : (
        <Table aria-label="Last times" variant="compact">
          <Thead>
            <Tr>
              <Th>Time</Th>
              <Th>Outcome</Th>
              <Th>Run</Th>
              <Th>Duration</Th>
              <Th>Hosts</Th>
            </Tr>
          </Thead>
          <Tbody>
            {past.map((time) => (
              <PastTime
                key={`${time.time} ${time.decided}`}
                time={time}
                run={time.execution ? byId.get(time.execution) : undefined}
              />
            ))}
          </Tbody>
        </Table>
      )}
    </section>
  );
}

/** A run that starts much later than its time was delayed. */
const LATE_MS = 60_000;

function PastTime({ time, run }: { time: ScheduleTime; run: ListedExecution | undefined }): ReactElement {
  const { execution, outcome, message, passed_over } = time;
  const isLate = Date.parse(time.decided) - Date.parse(time.time) > LATE_MS;
  return (
    <Tr>
      <Td dataLabel="Time" modifier="nowrap">
        <Time at={time.time} />
        {isLate && (
          <div className="pb-subtle pb-small">
            decided at <Time at={time.decided} />
          </div>
        )}
      </Td>
      <Td dataLabel="Outcome" className="pb-break">
        {OUTCOME_WORDS[outcome]}
        {message && (
          <div className="pb-subtle pb-small">
            <Name>{sentence(message)}</Name>
          </div>
        )}
        {passed_over > 0 && (
          <div className="pb-subtle pb-small">
            {plural(passed_over, "earlier time")} passed while no collector could decide.
          </div>
        )}
      </Td>
      <Td dataLabel="Run">
        {execution &&
          (run === undefined ? (
            <ExecutionLink id={execution} />
          ) : (
            <>
              <StatusLabel status={run.status} phase={run.phase} reason={run.reason} />{" "}
              <ExecutionLink id={execution} />
            </>
          ))}
      </Td>
      <Td dataLabel="Duration">{run && <Duration seconds={run.duration} since={run.start_time} />}</Td>
      <Td dataLabel="Hosts">{run && <HostCounts counts={run.hosts_by_outcome} />}</Td>
    </Tr>
  );
}
