import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import type { ReactElement } from "react";
import type { Report } from "../../api/types";
import { runsCost } from "../../parts/cost";
import { duration, fileName, integer, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { PageSection } from "../../parts/PageSection";

/** The playbooks with the most failures, and then with the most runs. */
export function Playbooks({ report }: { report: Report }): ReactElement | null {
  const { playbooks, playbooks_total } = report;
  if (playbooks.length === 0) {
    return null;
  }
  const left = playbooks_total - playbooks.length;
  const hasCost = playbooks.some(({ cost }) => cost);
  return (
    <PageSection
      title="Playbooks"
      {...(left > 0 && { about: `${plural(left, "other")} with fewer failures and runs are not listed.` })}
    >
      <Table aria-label="Playbooks" variant="compact">
        <Thead>
          <Tr>
            <Th>Playbook</Th>
            <Th>Runs (before)</Th>
            <Th>Failed (before)</Th>
            <Th>Median</Th>
            {hasCost && <Th>Cost</Th>}
          </Tr>
        </Thead>
        <Tbody>
          {playbooks.map((one) => (
            <Tr key={`${one.folder} ${one.playbook}`}>
              <Td dataLabel="Playbook" className="pb-break">
                <Name title={one.folder ? `${one.folder}/${one.playbook}` : one.playbook}>
                  {fileName(one.playbook)}
                </Name>
              </Td>
              <Td dataLabel="Runs (before)" className="pb-number">
                {integer(one.total)} ({integer(one.total_before)})
              </Td>
              <Td dataLabel="Failed (before)" className="pb-number">
                {integer(one.failed)} ({integer(one.failed_before)})
              </Td>
              <Td dataLabel="Median" className="pb-number">
                {one.success + one.failed > 0 ? duration(one.p50_duration) : "–"}
              </Td>
              {hasCost && (
                <Td dataLabel="Cost" className="pb-number">
                  {one.cost ? runsCost(one.cost) : ""}
                </Td>
              )}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </PageSection>
  );
}
