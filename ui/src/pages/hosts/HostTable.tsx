import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { HostRun, HostSummary } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { integer } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { recapWords } from "../../parts/hostRuns";
import { OutcomeLabel } from "../../parts/OutcomeLabel";
import { runName } from "../../parts/runs";
import { Time } from "../../parts/Time";

/** A row for each host. */
export function HostTable({ hosts }: { hosts: readonly HostSummary[] }): ReactElement {
  return (
    <Table aria-label="Hosts" variant="compact">
      <Thead>
        <Tr>
          <Th>Host</Th>
          <Th>Last status</Th>
          <Th>Last seen</Th>
          <Th>In run</Th>
          <Th>Last changed</Th>
          <Th>By run</Th>
          <Th>Runs</Th>
        </Tr>
      </Thead>
      <Tbody>
        {hosts.map((host) => (
          <Tr key={host.name}>
            <Td dataLabel="Host">
              <HostLink name={host.name} className="pb-break" />
            </Td>
            <Td dataLabel="Last status">
              <OutcomeLabel outcome={host.status} />{" "}
              <span className="pb-subtle pb-small">{recapWords(host.last_run.stats)}</span>
            </Td>
            <RunCells run={host.last_run} when="Last seen" where="In run" />
            <RunCells run={host.last_change} when="Last changed" where="By run" />
            <Td dataLabel="Runs">
              <Link to="/runs" search={{ host: host.name }} className="pb-number">
                {integer(host.runs)}
                {host.has_more_runs && "+"}
              </Link>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

interface RunCellsProps {
  run: HostRun | null | undefined;
  when: string;
  where: string;
}

function RunCells({ run, when, where }: RunCellsProps): ReactElement {
  if (!run) {
    return (
      <>
        <Td dataLabel={when}>
          <span className="pb-subtle">never</span>
        </Td>
        <Td dataLabel={where} />
      </>
    );
  }
  return (
    <>
      <Td dataLabel={when} modifier="nowrap">
        <Time at={run.start_time} as="ago" />
      </Td>
      <Td dataLabel={where}>
        <ExecutionLink id={run.execution}>{runName(run)}</ExecutionLink>
        {run.check && <span className="pb-subtle"> (check)</span>}
      </Td>
    </>
  );
}
