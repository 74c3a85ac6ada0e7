import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { Trends } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { plural } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { OutcomeLabel } from "../../parts/OutcomeLabel";
import { Time } from "../../parts/Time";
import { Section } from "./Section";
import type { TrendsSearch } from "./search";

interface Props {
  trends: Trends;
  search: TrendsSearch;
}

/** Hosts that failed or could not be reached. */
export function HostsSection({ trends, search }: Props): ReactElement {
  const left = trends.hosts_left_out ?? 0;
  const { playbook, q } = search;
  return (
    <Section
      title="Hosts that failed"
      about={left > 0 ? `${plural(left, "other host")} failed less often, and are not listed.` : undefined}
    >
      {trends.hosts.length === 0 ? (
        <p>None.</p>
      ) : (
        <Table aria-label="Hosts that failed" variant="compact">
          <Thead>
            <Tr>
              <Th>Host</Th>
              <Th>Failed</Th>
              <Th modifier="fitContent">Unreachable</Th>
              <Th>Its failed runs</Th>
              <Th>Last time</Th>
            </Tr>
          </Thead>
          <Tbody>
            {trends.hosts.map(({ name, runs, failed_runs, unreachable_runs, last, last_failed }) => (
              <Tr key={name}>
                <Td dataLabel="Host">
                  <HostLink name={name} className="pb-break" />
                </Td>
                <Td dataLabel="Failed">
                  in {failed_runs} of {plural(runs, "run")}
                </Td>
                <Td dataLabel="Unreachable">{unreachable_runs > 0 ? `in ${unreachable_runs}` : "never"}</Td>
                <Td dataLabel="Its failed runs">
                  <Link
                    to="/runs"
                    search={{
                      host: name,
                      status: "failed",
                      ...(playbook !== undefined && { playbook }),
                      ...(q !== undefined && { q }),
                    }}
                    aria-label={`Failed runs with ${name}`}
                  >
                    Failed runs
                  </Link>
                </Td>
                <Td dataLabel="Last time">
                  <OutcomeLabel outcome={last_failed ? "failed" : "ok"} />{" "}
                  <ExecutionLink id={last.id}>
                    <Time at={last.start_time} as="ago" />
                  </ExecutionLink>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </Section>
  );
}
