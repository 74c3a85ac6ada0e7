import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { CursorPager } from "../../parts/CursorPager";
import { Duration } from "../../parts/Duration";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { failureOf } from "../../parts/failure";
import { recapWords, secondsOf } from "../../parts/hostRuns";
import { Name } from "../../parts/Name";
import { OutcomeLabel } from "../../parts/OutcomeLabel";
import { runName } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { hostRunsQuery } from "./queries";

const route = getRouteApi("/shell/hosts/$name");

/** The runs in which the host took part, with its own status beside the run's. */
export function Runs({ name }: { name: string }): ReactElement {
  const { cursor } = route.useSearch();
  const runs = useQuery(hostRunsQuery(name, { limit: 50, ...(cursor !== undefined && { cursor }) }));
  const failure = failureOf(runs);
  if (failure !== undefined) {
    return <Failed error={failure} what="the runs" retry={() => void runs.refetch()} />;
  }
  if (runs.data === undefined) {
    return <Loading what="the runs" />;
  }
  return (
    <>
      <Table aria-label={`Runs of ${name}`} variant="compact">
        <Thead>
          <Tr>
            <Th>This host</Th>
            <Th>Run</Th>
            <Th>Started</Th>
            <Th>Took</Th>
            <Th>Its tasks</Th>
            <Th>Whole run</Th>
            <Th>User</Th>
          </Tr>
        </Thead>
        <Tbody>
          {runs.data.runs.map((run) => (
            <Tr key={run.execution}>
              <Td dataLabel="This host">
                <OutcomeLabel outcome={run.status} />
              </Td>
              <Td dataLabel="Run">
                <ExecutionLink id={run.execution}>{runName(run)}</ExecutionLink>
                {run.check && <span className="pb-subtle"> (check)</span>}
              </Td>
              <Td dataLabel="Started" modifier="nowrap">
                <Time at={run.start_time} />
              </Td>
              <Td dataLabel="Took">
                <Duration seconds={secondsOf(run)} since={run.start_time} />
              </Td>
              <Td dataLabel="Its tasks">{recapWords(run.stats)}</Td>
              <Td dataLabel="Whole run">
                <StatusLabel status={run.run_status} />
              </Td>
              <Td dataLabel="User">
                <Name>{run.user}</Name>
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      <CursorPager cursor={cursor} next={runs.data.next_cursor} what="runs" />
    </>
  );
}
