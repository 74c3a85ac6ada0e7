import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { BudgetState } from "../api/types";
import { amount, runsCost } from "./cost";
import { Name } from "./Name";
import { Time } from "./Time";

/** How much of each budget was spent. */
export function Budgets({ budgets }: { budgets: readonly BudgetState[] }): ReactElement {
  return (
    <Table aria-label="Budgets" variant="compact">
      <Thead>
        <Tr>
          <Th>Budget</Th>
          <Th>Since</Th>
          <Th>Spent</Th>
          <Th>Of</Th>
          <Th>Left</Th>
          <Th>Runs</Th>
        </Tr>
      </Thead>
      <Tbody>
        {budgets.map((budget) => (
          <Row key={budget.name} budget={budget} />
        ))}
      </Tbody>
    </Table>
  );
}

function Row({ budget }: { budget: BudgetState }): ReactElement {
  const { name, period, from, spent, amount: allowed, left, percent, is_exceeded, query } = budget;
  return (
    <Tr>
      <Td dataLabel="Budget">
        <Name>{name}</Name> <span className="pb-subtle">({period})</span>
      </Td>
      <Td dataLabel="Since" modifier="nowrap">
        <Time at={from} />
      </Td>
      <Td dataLabel="Spent">
        <span className="pb-meter">
          <meter
            min={0}
            max={100}
            low={75}
            high={99}
            optimum={0}
            value={Math.min(percent ?? 0, 100)}
            aria-label={`Spent of ${name}`}
          />
          <span className="pb-number">
            {percent === undefined || percent === null ? "" : `${percent} %, `}
            {runsCost(spent)}
          </span>
          {is_exceeded && (
            <span className="pb-over">
              <ExclamationTriangleIcon /> exceeded
            </span>
          )}
        </span>
      </Td>
      <Td dataLabel="Of" className="pb-number">
        {amount(allowed)}
      </Td>
      <Td dataLabel="Left" className="pb-number">
        {left ? amount(left) : "unknown"}
      </Td>
      <Td dataLabel="Runs">
        {query ? (
          <Link to="/runs" search={{ q: query }} className="pb-break">
            <Name>{query}</Name>
          </Link>
        ) : (
          "all"
        )}
      </Td>
    </Tr>
  );
}
