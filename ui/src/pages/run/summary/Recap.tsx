import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { type ReactElement, useMemo, useState } from "react";
import type { Execution } from "../../../api/types";
import { integer, plural } from "../../../parts/format";
import { HostCounts } from "../../../parts/HostCounts";
import { HostLink } from "../../../parts/HostLink";
import { OutcomeLabel } from "../../../parts/OutcomeLabel";
import { columnsOf, recap } from "./recap";

/** Rows that are shown at first, and with each press of the button. */
const STEP = 50;

/** The outcome of each host, the worst first: what Ansible prints as PLAY RECAP. */
export function Recap({ run }: { run: Execution }): ReactElement | null {
  const rows = useMemo(() => recap(run.stats), [run.stats]);
  const columns = useMemo(() => columnsOf(rows), [rows]);
  const [shown, setShown] = useState(STEP);
  if (rows.length === 0) {
    return null;
  }
  return (
    <section className="summary-section" aria-labelledby="summary-recap">
      <div className="summary-recap-head">
        <Title headingLevel="h2" size="lg" id="summary-recap">
          {plural(rows.length, "host")}
        </Title>
        <HostCounts counts={run.hosts_by_outcome} />
      </div>
      <Table aria-labelledby="summary-recap" variant="compact" gridBreakPoint="" className="summary-recap">
        <Thead>
          <Tr>
            <Th>Host</Th>
            <Th>Outcome</Th>
            {columns.map((column) => (
              <Th key={column} className="summary-number">
                {column}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {rows.slice(0, shown).map(({ host, outcome, stats }) => (
            <Tr key={host}>
              <Td dataLabel="Host">
                <HostLink name={host} />
              </Td>
              <Td dataLabel="Outcome">
                <OutcomeLabel outcome={outcome === "idle" ? "none" : outcome} />
              </Td>
              {columns.map((column) => (
                <Td
                  key={column}
                  dataLabel={column}
                  className={`summary-number${stats[column] ? "" : " pb-subtle"}`}
                >
                  {integer(stats[column] ?? 0)}
                </Td>
              ))}
            </Tr>
          ))}
        </Tbody>
      </Table>
      {rows.length > shown && (
        <Button variant="link" onClick={() => setShown(shown + 4 * STEP)}>
          Show more ({plural(rows.length - shown, "host")} left)
        </Button>
      )}
    </section>
  );
}
