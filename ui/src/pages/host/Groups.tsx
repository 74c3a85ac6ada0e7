import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { HostGroupsChange } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { failureOf } from "../../parts/failure";
import { Empty, Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { hostGroupsQuery } from "./queries";

/** The groups to which the host belonged, and since which run. */
export function Groups({ name }: { name: string }): ReactElement {
  const groups = useQuery(hostGroupsQuery(name));
  const failure = failureOf(groups);
  if (failure !== undefined) {
    return <Failed error={failure} what="the groups" retry={() => void groups.refetch()} />;
  }
  if (groups.data === undefined) {
    return <Loading what="the groups" />;
  }
  const { changes, complete } = groups.data;
  if (changes.length === 0) {
    return (
      <Empty title="Its groups are not known">
        A run records the groups of the hosts that it runs tasks on. Imported runs, and those that an earlier
        version recorded, have none.
      </Empty>
    );
  }
  return (
    <>
      <Table aria-label={`Groups of ${name}`} variant="compact">
        <Thead>
          <Tr>
            <Th>Since</Th>
            <Th>First run</Th>
            <Th>Change</Th>
            <Th>Groups then</Th>
          </Tr>
        </Thead>
        <Tbody>
          {changes.map((change) => (
            <Tr key={change.execution}>
              <Td dataLabel="Since" modifier="nowrap">
                <Time at={change.time} />
              </Td>
              <Td dataLabel="First run">
                <ExecutionLink id={change.execution} />
              </Td>
              <Td dataLabel="Change">{changeWords(change)}</Td>
              <Td dataLabel="Groups then">
                {change.groups ? change.groups.join(", ") || "none" : "their record was deleted"}
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {!complete && <p className="pb-subtle">There are older changes: only the newest runs are examined.</p>}
    </>
  );
}

/** "Joined db, left web". */
export function changeWords({ added, removed }: HostGroupsChange): string {
  const joined = added && added.length > 0 ? `joined ${added.join(", ")}` : undefined;
  const left = removed && removed.length > 0 ? `left ${removed.join(", ")}` : undefined;
  const words = [joined, left].filter((part) => part !== undefined).join("; ");
  return words === "" ? "first known" : words;
}
