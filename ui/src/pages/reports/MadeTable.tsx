import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { StoredReport } from "../../api/types";
import { Deliveries } from "../../parts/Deliveries";
import { integer } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Time } from "../../parts/Time";

/** Reports, each with its figures and its deliveries. */
export function MadeTable({ reports }: { reports: readonly StoredReport[] }): ReactElement {
  return (
    <Table aria-label="Reports" variant="compact">
      <Thead>
        <Tr>
          <Th>Up to</Th>
          <Th>Schedule</Th>
          <Th>Period</Th>
          <Th>Runs</Th>
          <Th>Failed</Th>
          <Th>Delivered</Th>
        </Tr>
      </Thead>
      <Tbody>
        {reports.map((report) => (
          <Tr key={report.id}>
            <Td dataLabel="Up to" modifier="nowrap">
              <Link to="/reports/$id" params={{ id: report.id }}>
                <Time at={report.due} />
              </Link>
            </Td>
            <Td dataLabel="Schedule">
              <Link to="." search={(now) => ({ ...now, cursor: undefined, schedule: report.schedule })}>
                <Name>{report.schedule}</Name>
              </Link>
            </Td>
            <Td dataLabel="Period">{report.period}</Td>
            <Td dataLabel="Runs" className="pb-number">
              {count(report.runs)}
            </Td>
            <Td dataLabel="Failed" className="pb-number">
              {count(report.failed)}
            </Td>
            <Td dataLabel="Delivered">
              {report.error ? (
                <span className="pb-break">
                  Could not be made: <Name>{report.error}</Name>
                </span>
              ) : (
                <Deliveries deliveries={report.deliveries} />
              )}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : integer(value);
}
