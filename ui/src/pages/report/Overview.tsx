import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import type { ReactElement } from "react";
import type { Report } from "../../api/types";
import { integer } from "../../parts/format";
import { PageSection } from "../../parts/PageSection";
import { figures } from "./figures";

/** All runs: their number, outcomes, durations, and costs. */
export function Overview({ report }: { report: Report }): ReactElement {
  const { cost } = report.runs;
  return (
    <PageSection title="Runs">
      <Table aria-label="Runs" variant="compact" className="report-figures">
        <Thead>
          <Tr>
            <Th screenReaderText="Figure" />
            <Th>Now</Th>
            <Th>Before</Th>
            <Th>Change</Th>
          </Tr>
        </Thead>
        <Tbody>
          {figures(report).map(({ name, now, before, change }) => (
            <Tr key={name}>
              <Th scope="row">{name}</Th>
              <Td dataLabel="Now" className="pb-number">
                {now}
              </Td>
              <Td dataLabel="Before" className="pb-number">
                {before}
              </Td>
              <Td dataLabel="Change" className="pb-number">
                {change}
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {cost && cost.unknown_runs > 0 && (
        <p className="pb-subtle">
          The cost of {integer(cost.unknown_runs)} of {integer(cost.runs)} runs is not fully known.
        </p>
      )}
    </PageSection>
  );
}
