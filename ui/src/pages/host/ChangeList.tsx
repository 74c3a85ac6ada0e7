import { Switch } from "@patternfly/react-core/dist/esm/components/Switch";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { HostChange } from "../../api/types";
import { CursorPager } from "../../parts/CursorPager";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { failureOf } from "../../parts/failure";
import { fileName } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { ChangeContent } from "./ChangeContent";
import { NoChanges } from "./NoChanges";
import { pageOf } from "./period";
import { hostChangesQuery } from "./queries";
import type { Period } from "./search";
import { origin, titleOf } from "./taskChanges";

interface Props {
  name: string;
  period: Period;
  cursor: string | undefined;
  /** Whether with messages and differences. */
  hasContent: boolean;
  showContent(show: boolean): void;
  showAllTime(): void;
}

/** Every change that a task made to the host, newest first. */
export function ChangeList({
  name,
  period,
  cursor,
  hasContent,
  showContent,
  showAllTime,
}: Props): ReactElement {
  const query = { limit: 50, ...(hasContent && { content: true }), ...pageOf(period, cursor) };
  const changes = useQuery(hostChangesQuery(name, query));
  const failure = failureOf(changes);
  if (failure !== undefined) {
    return <Failed error={failure} what="the changes" retry={() => void changes.refetch()} />;
  }
  if (changes.data === undefined) {
    return <Loading what="the changes" />;
  }
  const list = changes.data.changes;
  return (
    <>
      <Switch
        id="host-content"
        label="With messages and differences"
        isChecked={hasContent}
        onChange={(_, on) => showContent(on)}
      />
      {list.length === 0 ? (
        <NoChanges
          period={period}
          isLater={cursor !== undefined}
          hasMore={Boolean(changes.data.next_cursor)}
          showAllTime={showAllTime}
        />
      ) : (
        <ChangeTable name={name} changes={list} hasContent={hasContent} />
      )}
      <CursorPager cursor={cursor} next={changes.data.next_cursor} what="changes" />
    </>
  );
}

interface TableProps {
  name: string;
  changes: readonly HostChange[];
  hasContent: boolean;
}

function ChangeTable({ name, changes, hasContent }: TableProps): ReactElement {
  return (
    <Table aria-label={`Changes of ${name}`} variant="compact">
      <Thead>
        <Tr>
          <Th>When</Th>
          <Th>Task</Th>
          <Th>Run</Th>
          <Th>User</Th>
          <Th>Result</Th>
        </Tr>
      </Thead>
      <Tbody>
        {changes.map((change) => (
          <Tr key={`${change.execution} ${change.seq}`}>
            <Td dataLabel="When" modifier="nowrap">
              <Time at={change.time} />
            </Td>
            <Td dataLabel="Task">
              <Name className="pb-break">{titleOf(change)}</Name>
              <div className="pb-subtle pb-small pb-break">{origin(change)}</div>
              {hasContent && <ChangeContent change={change} />}
            </Td>
            <Td dataLabel="Run">
              <ExecutionLink id={change.execution}>
                {change.playbook ? fileName(change.playbook) : change.action}
              </ExecutionLink>
            </Td>
            <Td dataLabel="User">
              <Name>{change.user}</Name>
            </Td>
            <Td dataLabel="Result" modifier="nowrap">
              <Link
                to="/runs/$id/results/$task/$host"
                params={{ id: change.execution, task: String(change.task), host: name }}
                aria-label={`Result of ${titleOf(change)}`}
              >
                Result
              </Link>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
