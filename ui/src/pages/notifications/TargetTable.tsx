import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { NotificationTarget } from "../../api/types";
import { integer } from "../../parts/format";
import { Name } from "../../parts/Name";
import { sentence } from "../../parts/states";
import { Time } from "../../parts/Time";
import { TargetState } from "./StateLabel";
import { kindName, triggersOf, triggersWords } from "./words";

/** A row for each target. */
export function TargetTable({ targets }: { targets: readonly NotificationTarget[] }): ReactElement {
  return (
    <Table aria-label="Targets" variant="compact">
      <Thead>
        <Tr>
          <Th>Target</Th>
          <Th>Notified when</Th>
          <Th>State</Th>
          <Th modifier="nowrap">Last delivered</Th>
          <Th>Pending</Th>
          <Th>Failed</Th>
        </Tr>
      </Thead>
      <Tbody>
        {targets.map((target) => (
          <Tr key={target.name}>
            <Td dataLabel="Target">
              <Link to="/notifications/$name" params={{ name: target.name }} className="pb-break">
                <Name>{target.name}</Name>
              </Link>
              <div className="pb-subtle pb-small pb-break">
                {kindName(target.settings.kind)}, <Name>{target.address}</Name>
                {target.from_file && ", defined in the configuration"}
              </div>
            </Td>
            <Td dataLabel="Notified when">
              <RuleSummary target={target} />
            </Td>
            <Td dataLabel="State">
              <TargetState state={target.state} />
              {target.off_reason && (
                <div className="pb-subtle pb-small pb-break">
                  <Name>{sentence(target.off_reason)}</Name>
                </div>
              )}
              {target.state === "failing" && target.failing_since && (
                <div className="pb-subtle pb-small">
                  since <Time at={target.failing_since} as="ago" />
                </div>
              )}
            </Td>
            <Td dataLabel="Last delivered">
              {target.last_delivered ? <Time at={target.last_delivered} as="ago" /> : "never"}
            </Td>
            <Td dataLabel="Pending">
              <Count name={target.name} state="pending" count={target.pending} />
            </Td>
            <Td dataLabel="Failed">
              <Count name={target.name} state="failed" count={target.failed} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function RuleSummary({ target: { settings } }: { target: NotificationTarget }): ReactElement {
  const triggers = triggersOf(settings);
  const queries = [...new Set((settings.rules ?? []).map(({ query }) => query ?? ""))];
  if (triggers.length === 0) {
    return <span className="pb-subtle">nothing yet: it has no rule</span>;
  }
  return (
    <>
      {triggersWords(triggers)}
      <div className="pb-subtle pb-small pb-break">
        {queries.includes("") ? "all runs" : <code>{queries.join(" · ")}</code>}
      </div>
    </>
  );
}

interface CountProps {
  name: string;
  state: "pending" | "failed";
  count: number;
}

/** Number of messages that did not arrive; a link to them. */
function Count({ name, state, count }: CountProps): ReactElement {
  return count === 0 ? (
    <span className="pb-subtle">none</span>
  ) : (
    <Link to="/notifications/$name" params={{ name }} search={{ state }} className="pb-number">
      {integer(count)}
    </Link>
  );
}
