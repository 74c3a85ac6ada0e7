import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { PlaybookTrend, Trends } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { duration, fileName, integer, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { percent } from "./points";
import { runsOf } from "./runsOf";
import { Section } from "./Section";
import type { TrendsSearch } from "./search";

interface Props {
  trends: Trends;
  search: TrendsSearch;
}

/** Each playbook: how often it succeeds, how long it takes. */
export function Playbooks({ trends, search }: Props): ReactElement {
  const left = trends.playbooks_left_out ?? 0;
  return (
    <Section
      title="Playbooks"
      about={left > 0 ? `${plural(left, "other")} with fewer runs are not listed.` : undefined}
    >
      <Table aria-label="Playbooks" variant="compact">
        <Thead>
          <Tr>
            <Th>Playbook</Th>
            <Th modifier="fitContent">Succeeded</Th>
            <Th>Runs</Th>
            <Th modifier="fitContent">Median</Th>
            <Th>95 %</Th>
            <Th>Last run</Th>
          </Tr>
        </Thead>
        <Tbody>
          {trends.playbooks.map((playbook) => (
            <Row key={`${playbook.folder} ${playbook.name}`} playbook={playbook} search={search} />
          ))}
        </Tbody>
      </Table>
    </Section>
  );
}

function Row({ playbook, search }: { playbook: PlaybookTrend; search: TrendsSearch }): ReactElement {
  const { name, folder, runs, succeeded, durations, last, last_status, type } = playbook;
  const title = folder ? `${folder}/${name}` : name;
  return (
    <Tr>
      <Td dataLabel="Playbook">
        {type === "playbook" ? (
          <Link to="." search={(now) => ({ ...now, playbook: name })} title={title} className="pb-break">
            <Name>{fileName(name)}</Name>
          </Link>
        ) : (
          <Name title={title}>{name}</Name>
        )}
        {type === "adhoc" && <span className="pb-subtle"> (ad-hoc)</span>}
      </Td>
      <Td dataLabel="Succeeded">
        <span className="trends-rate">
          <meter min={0} max={1} value={playbook.success_rate} aria-label="Share of runs that succeeded" />
          <span className="pb-number">{percent(succeeded, runs)}</span>
        </span>
      </Td>
      <Td dataLabel="Runs">
        <Link to="/runs" search={runsOf(playbook, search)} className="pb-number">
          {integer(runs)}
        </Link>
        {succeeded < runs && (
          <>
            {", "}
            <Link to="/runs" search={{ ...runsOf(playbook, search), status: "failed" }}>
              {integer(runs - succeeded)} failed
            </Link>
          </>
        )}
      </Td>
      <Td dataLabel="Median" className="pb-number">
        {durations ? duration(durations.median) : "–"}
      </Td>
      <Td dataLabel="95 %" className="pb-number">
        {durations ? duration(durations.p95) : "–"}
      </Td>
      <Td dataLabel="Last run">
        <StatusLabel status={last_status} />{" "}
        <ExecutionLink id={last.id}>
          <Time at={last.start_time} as="ago" />
        </ExecutionLink>
      </Td>
    </Tr>
  );
}
