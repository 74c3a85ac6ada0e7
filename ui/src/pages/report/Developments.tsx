/** What is new, and developments: durations, results that alternate, tasks that always change something. */
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import type { ReactElement } from "react";
import type { Report, ReportChange } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { duration, fileName, plural, shortId } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { Name } from "../../parts/Name";
import { PageSection } from "../../parts/PageSection";
import { Time } from "../../parts/Time";

/** Playbooks and hosts that are in no earlier run. */
export function News({ report }: { report: Report }): ReactElement | null {
  const { playbooks, hosts, hosts_unknown } = report.new;
  if (playbooks.length + hosts.length + hosts_unknown === 0) {
    return null;
  }
  return (
    <PageSection title="New" about="In no earlier run that is still recorded.">
      <ul>
        {playbooks.map((playbook) => (
          <li key={playbook} className="pb-break">
            Playbook <Name>{playbook}</Name>
          </li>
        ))}
        {hosts.map((name) => (
          <li key={name} className="pb-break">
            Host <HostLink name={name} />
          </li>
        ))}
        {hosts_unknown > 0 && (
          <li>{plural(hosts_unknown, "other host")} took part that did not in the period before</li>
        )}
      </ul>
    </PageSection>
  );
}

interface ChangesProps {
  title: string;
  changes: readonly ReportChange[];
}

/** Durations that changed with a run of the period. */
export function Changes({ title, changes }: ChangesProps): ReactElement | null {
  return changes.length === 0 ? null : (
    <PageSection title={title}>
      <Table aria-label={title} variant="compact">
        <Thead>
          <Tr>
            <Th>What</Th>
            <Th>Before</Th>
            <Th>Now</Th>
            <Th>Since</Th>
          </Tr>
        </Thead>
        <Tbody>
          {changes.map(({ playbook, task, before, after, since }) => (
            <Tr key={`${playbook} ${task ?? ""}`}>
              <Td dataLabel="What" className="pb-break">
                <Name title={playbook}>{fileName(playbook)}</Name>
                {task && (
                  <>
                    : <Name>{task}</Name>
                  </>
                )}
              </Td>
              <Td dataLabel="Before" className="pb-number">
                {duration(before)}
              </Td>
              <Td dataLabel="Now" className="pb-number">
                {duration(after)}
              </Td>
              <Td dataLabel="Since">
                <ExecutionLink id={since.id}>
                  <Time at={since.start_time} />
                </ExecutionLink>{" "}
                <span className="pb-subtle">{shortId(since.id)}</span>
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
    </PageSection>
  );
}

export function Flaky({ flaky }: { flaky: Report["flaky"] }): ReactElement | null {
  return flaky.length === 0 ? null : (
    <PageSection title="Flaky" about="Success and failure alternate, although nothing else changes.">
      <ul>
        {flaky.map(({ kind, name, turns, of }) => (
          <li key={`${kind} ${name}`} className="pb-break">
            {kind} <Name>{name}</Name>: turned {plural(turns, "time")} in {plural(of + 1, "run")}
          </li>
        ))}
      </ul>
    </PageSection>
  );
}

export function NotIdempotent({ tasks }: { tasks: Report["not_idempotent"] }): ReactElement | null {
  return tasks.length === 0 ? null : (
    <PageSection title="Never idempotent" about="Changed something in every run.">
      <ul>
        {tasks.map(({ playbook, task, place, runs }) => (
          <li key={`${playbook} ${task} ${place ?? ""}`} className="pb-break">
            <Name>{task}</Name> of <Name title={playbook}>{fileName(playbook)}</Name>, in{" "}
            {plural(runs, "run")}
            {place && (
              <>
                {" "}
                <span className="pb-subtle">
                  (<Name>{place}</Name>)
                </span>
              </>
            )}
          </li>
        ))}
      </ul>
    </PageSection>
  );
}
