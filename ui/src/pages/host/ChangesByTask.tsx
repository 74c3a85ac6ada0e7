import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useMemo, useState } from "react";
import { CursorPager } from "../../parts/CursorPager";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { failureOf } from "../../parts/failure";
import { fileName, integer, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { NoChanges } from "./NoChanges";
import { inPeriod, pageOf } from "./period";
import { type CountedChanges, countedChangesQuery } from "./queries";
import type { Period } from "./search";
import { byTask, origin, type TaskChanges, titleOf } from "./taskChanges";

/** More rows than this are only drawn on request. */
const SHOWN = 200;

interface Props {
  name: string;
  period: Period;
  cursor: string | undefined;
  showAllTime(): void;
}

/** Which tasks changed the host, how often, when first and last: the changes of a busy host on one page. */
export function ChangesByTask({ name, period, cursor, showAllTime }: Props): ReactElement {
  const counted = useQuery(countedChangesQuery(name, pageOf(period, cursor)));
  const tasks = useMemo(() => byTask(counted.data?.changes ?? []), [counted.data]);
  const failure = failureOf(counted);
  if (failure !== undefined) {
    return <Failed error={failure} what="the changes" retry={() => void counted.refetch()} />;
  }
  if (counted.data === undefined) {
    return <Loading what="the changes" />;
  }
  const { next } = counted.data;
  return (
    <>
      {tasks.length === 0 ? (
        <NoChanges
          period={period}
          isLater={cursor !== undefined}
          hasMore={next !== undefined}
          showAllTime={showAllTime}
        />
      ) : (
        <>
          <p className="host-note" role="status">
            {whatIsCounted(counted.data, cursor !== undefined)}
            {inPeriod(period)}, by {plural(tasks.length, "task")}.
            <Oldest counted={counted.data} isLater={cursor !== undefined} />
          </p>
          <TaskTable name={name} tasks={tasks} />
        </>
      )}
      <CursorPager cursor={cursor} next={next} what="changes" />
    </>
  );
}

/** "The newest 1,000 changes" if there are more. */
function whatIsCounted({ changes, next }: CountedChanges, isLater: boolean): string {
  if (isLater) {
    return plural(changes.length, "older change");
  }
  const count = plural(changes.length, "change");
  return next === undefined ? count : `The newest ${count}`;
}

/** How far back the counted changes go, unless they are all of the period. */
function Oldest({ counted, isLater }: { counted: CountedChanges; isLater: boolean }): ReactElement | null {
  const oldest = counted.changes.at(-1);
  if (oldest === undefined || (counted.next === undefined && !isLater)) {
    return null;
  }
  return (
    <>
      {" "}
      They go back to <Time at={oldest.time} />.
    </>
  );
}

function TaskTable({ name, tasks }: { name: string; tasks: readonly TaskChanges[] }): ReactElement {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? tasks : tasks.slice(0, SHOWN);
  return (
    <>
      <Table aria-label={`Changes of ${name} by task`} variant="compact">
        <Thead>
          <Tr>
            <Th>Task</Th>
            <Th>Changes</Th>
            <Th>First</Th>
            <Th>Last</Th>
            <Th>Last run</Th>
            <Th>Its result</Th>
          </Tr>
        </Thead>
        <Tbody>
          {shown.map((task) => (
            <TaskRow key={task.key} name={name} task={task} />
          ))}
        </Tbody>
      </Table>
      {tasks.length > shown.length && (
        <Button variant="link" onClick={() => setAll(true)}>
          Show the other {plural(tasks.length - shown.length, "task")}
        </Button>
      )}
    </>
  );
}

function TaskRow({ name, task }: { name: string; task: TaskChanges }): ReactElement {
  const { count, first, last } = task;
  const title = titleOf(last);
  return (
    <Tr>
      <Td dataLabel="Task">
        <Name className="pb-break">{title}</Name>
        <div className="pb-subtle pb-small pb-break">{origin(last)}</div>
      </Td>
      <Td dataLabel="Changes" className="pb-number">
        {integer(count)}
      </Td>
      <Td dataLabel="First" modifier="nowrap">
        <Time at={first.time} />
      </Td>
      <Td dataLabel="Last" modifier="nowrap">
        <Time at={last.time} />
      </Td>
      <Td dataLabel="Last run">
        <ExecutionLink id={last.execution}>
          {last.playbook ? fileName(last.playbook) : last.action}
        </ExecutionLink>
      </Td>
      <Td dataLabel="Its result" modifier="nowrap">
        <Link
          to="/runs/$id/results/$task/$host"
          params={{ id: last.execution, task: String(last.task), host: name }}
          aria-label={`Result of ${title}`}
        >
          Result
        </Link>
      </Td>
    </Tr>
  );
}
