import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import type { CostFigures, Statistics } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { amount, runsCost, runsCostParts } from "../../parts/cost";
import { failureOf } from "../../parts/failure";
import { fileName, integer, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Failed } from "../../parts/states";
import { Time } from "../../parts/Time";
import { costGroups, costIntervals } from "./costs";
import { type Filters, filtersOf, statisticsQuery } from "./queries";
import { Section } from "./Section";
import { COST_BY, type CostBy, type TrendsSearch } from "./search";

const route = getRouteApi("/shell/trends");

const WORDS: Record<CostBy, string> = {
  playbook: "Playbook",
  label: "Label",
  user: "User",
  host: "Host",
  period: "Period",
};

/** What runs cost, in total and for each playbook, label, user, host or period; nothing if there are no prices. */
export function CostSection({ search }: { search: TrendsSearch }): ReactElement | null {
  const navigate = route.useNavigate();
  const { cost_by: by = "playbook" } = search;
  const filters = filtersOf(search);
  const statistics = useQuery(statisticsQuery(filters, by));
  const failure = failureOf(statistics);
  if (failure !== undefined) {
    return (
      <Section title="Cost">
        <Failed error={failure} what="the costs" retry={() => void statistics.refetch()} />
      </Section>
    );
  }
  if (!statistics.data?.cost) {
    return null;
  }
  const { cost } = statistics.data;
  const choose = (chosen: CostBy) =>
    void navigate({
      search: (now) => ({ ...now, cost_by: chosen === "playbook" ? undefined : chosen }),
      replace: true,
      resetScroll: false,
    });
  return (
    <Section title="Cost" about={<Sum cost={cost} statistics={statistics.data} />}>
      <ToggleGroup aria-label="Cost by" isCompact>
        {COST_BY.map((one) => (
          <ToggleGroupItem key={one} text={WORDS[one]} isSelected={by === one} onChange={() => choose(one)} />
        ))}
      </ToggleGroup>
      <Answer isOld={statistics.isPlaceholderData}>
        <Costs statistics={statistics.data} by={by} filters={filters} />
      </Answer>
    </Section>
  );
}

function Sum({ cost, statistics }: { cost: CostFigures; statistics: Statistics }): ReactElement {
  const parts = runsCostParts(cost);
  return (
    <>
      {plural(cost.runs, "finished run")} since <Time at={statistics.from} /> cost{" "}
      <strong>{runsCost(cost)}</strong>
      {parts !== "" && ` (${parts})`}.{" "}
      {cost.unknown_runs > 0 && `The cost of ${integer(cost.unknown_runs)} of them is not fully known. `}A run
      has the prices of the day on which it started.
    </>
  );
}

interface CostsProps {
  statistics: Statistics;
  by: CostBy;
  filters: Filters;
}

function Costs({ statistics, by, filters }: CostsProps): ReactElement {
  if (by === "period") {
    const { step, intervals } = costIntervals(statistics);
    return (
      <CostTable name={`From the ${step}`}>
        {intervals.map(({ start, cost, share }) => (
          <Row key={start} cost={cost} share={share} runs={integer(cost.runs)}>
            <Time at={start} />
          </Row>
        ))}
      </CostTable>
    );
  }
  const { groups, left } = costGroups(statistics);
  return (
    <>
      <CostTable name={WORDS[by]}>
        {groups.map(({ name, title, cost, share }) => (
          <Row
            key={title}
            cost={cost}
            share={share}
            runs={
              <Link to="/runs" search={{ ...filters, [by]: name }}>
                {integer(cost.runs)}
              </Link>
            }
          >
            <Name title={title} className="pb-break">
              {by === "playbook" ? fileName(name) : name}
            </Name>
          </Row>
        ))}
      </CostTable>
      {left > 0 && (
        <p className="pb-subtle pb-small">{plural(left, "other")} with fewer runs are not listed.</p>
      )}
    </>
  );
}

function CostTable({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <Table aria-label="Cost" variant="compact">
      <Thead>
        <Tr>
          <Th>{name}</Th>
          <Th>Runs</Th>
          <Th>Cost</Th>
          <Th modifier="fitContent">Not fully known</Th>
        </Tr>
      </Thead>
      <Tbody>{children}</Tbody>
    </Table>
  );
}

interface RowProps {
  cost: CostFigures;
  /** Share of the largest in the table, from 0 to 1. */
  share: number;
  runs: ReactNode;
  children: ReactNode;
}

function Row({ cost, share, runs, children }: RowProps): ReactElement {
  return (
    <Tr>
      <Td dataLabel="Name">{children}</Td>
      <Td dataLabel="Runs" className="pb-number">
        {runs}
      </Td>
      <Td dataLabel="Cost">
        <span className="trends-rate">
          <meter min={0} max={1} value={share} aria-label="Share of the largest" />
          <span className="pb-number" title={runsCostParts(cost)}>
            {cost.total ? `${amount(cost.total)} ${cost.currency}` : "unknown"}
          </span>
        </span>
      </Td>
      <Td dataLabel="Not fully known" className="pb-number">
        {cost.unknown_runs > 0 ? plural(cost.unknown_runs, "run") : "–"}
      </Td>
    </Tr>
  );
}
