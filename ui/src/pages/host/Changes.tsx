import { Switch } from "@patternfly/react-core/dist/esm/components/Switch";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { HostChange } from "../../api/types";
import { CursorPager } from "../../parts/CursorPager";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { failureOf } from "../../parts/failure";
import { fileName } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Empty, Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { ChangeContent } from "./ChangeContent";
import { hostChangesQuery } from "./queries";

const route = getRouteApi("/shell/hosts/$name");

/** Every change that a task made to the host, newest first. */
export function Changes({ name }: { name: string }): ReactElement {
  const { cursor, content } = route.useSearch();
  const navigate = route.useNavigate();
  const query = {
    limit: 50,
    ...(content === true && { content: true }),
    ...(cursor !== undefined && { cursor }),
  };
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
        isChecked={content === true}
        onChange={(_, on) =>
          void navigate({ search: (now) => ({ ...now, content: on || undefined }), replace: true })
        }
      />
      {list.length === 0 ? (
        <Empty title={changes.data.next_cursor ? "No change on this page" : "No task changed this host"}>
          Runs in check mode change nothing, and do not count.
        </Empty>
      ) : (
        <ChangeTable name={name} changes={list} hasContent={content === true} />
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
              <Name className="pb-break">{change.task_name}</Name>
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
                aria-label={`Result of ${change.task_name}`}
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

/** "ansible.builtin.copy in role web, tasks/main.yml:12, run on db-01". */
function origin({ action, role, path, line, delegated_to }: HostChange): string {
  const parts = [
    role ? `${action} in role ${role}` : action,
    path ? `${path.split("/").slice(-2).join("/")}${line ? `:${line}` : ""}` : undefined,
    delegated_to ? `run on ${delegated_to}` : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}
