import { Drawer, DrawerContent, DrawerContentBody } from "@patternfly/react-core/dist/esm/components/Drawer";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { executionQuery, playsQuery } from "../../../api/queries";
import { resultsQuery, taskLinesQuery, tasksQuery } from "../../../api/run";
import type { LineSpan, Task, TaskResult } from "../../../api/types";
import { plural } from "../../../parts/format";
import { useDocumentTitle } from "../../../parts/PageTitle";
import { useScrollPlace } from "../../../parts/scroll";
import { Empty, Failed, Loading } from "../../../parts/states";
import { TextFilter } from "../../../parts/TextFilter";
import { filterRows, groupRows, rowsOf } from "./rows";
import type { TasksSearch } from "./search";
import { TaskPanel } from "./TaskPanel";
import { TaskTable } from "./TaskTable";
import "./tasks.css";

const route = getRouteApi("/shell/runs/$id/tasks");

const SHOW = [
  [undefined, "All"],
  ["failed", "Failed"],
  ["unreachable", "Unreachable"],
  ["changed", "Changed"],
  ["skipped", "Skipped"],
  ["odd", "Hosts differ"],
  ["slow", "Slow"],
] as const;

/** How often a running execution is read again if changes are not announced, in milliseconds. */
const POLL = 5_000;

/** Maximum number of failed results that are read to see how they were handled. */
const MOST_FAILURES = 1_000;

/** The scrolling element: the list beside the results of a task. */
const LIST = ".pb-tasks__drawer .pf-v6-c-drawer__content";

const NO_TASKS: readonly Task[] = [];
const NO_LINES: ReadonlyMap<number, LineSpan> = new Map();

export function TasksPage(): ReactElement {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useDocumentTitle("Tasks");
  const { data: run } = useQuery(executionQuery(id));
  const refetchInterval = run?.status === "running" ? POLL : false;
  const { data, error, refetch } = useQuery({ ...tasksQuery(id), refetchInterval });
  const { data: plays } = useQuery({ ...playsQuery(id), refetchInterval });
  // While a run continues, its log is not read repeatedly for this.
  const { data: lines } = useQuery({
    ...taskLinesQuery(id),
    enabled: run !== undefined && run.status !== "running",
  });
  const failures = useFailures(id, data?.entries ?? NO_TASKS, refetchInterval);
  const rows = useMemo(() => rowsOf(data?.entries ?? [], failures), [data, failures]);
  const shown = useMemo(() => filterRows(rows, search), [rows, search]);
  const groups = useMemo(() => groupRows(shown, plays?.plays ?? []), [shown, plays]);
  useScrollPlace(LIST, "tasks", data !== undefined);
  const write = (change: TasksSearch) =>
    void navigate({ search: (last) => ({ ...last, ...change }), replace: true });
  const open = (task: number | undefined) => {
    const { task: _task, results: _results, ...rest } = search;
    void navigate({ search: task === undefined ? rest : { ...rest, task } });
  };
  if (!data) {
    return error ? (
      <Failed error={error} what="the tasks" retry={() => void refetch()} />
    ) : (
      <Loading what="the tasks" />
    );
  }
  if (rows.length === 0) {
    return <Empty title="No task has begun">The list fills as soon as the first task begins.</Empty>;
  }
  const chosen = rows.find((row) => row.task.task === search.task);
  return (
    <>
      <h2 className="pf-v6-screen-reader">Tasks</h2>
      <div className="pb-tasks__bar">
        <div className="pb-tasks__name">
          <TextFilter value={search.name} apply={(name) => write({ name })} label="Task, role or module" />
        </div>
        <ToggleGroup aria-label="Which tasks are shown" isCompact>
          {SHOW.map(([show, text]) => (
            <ToggleGroupItem
              key={text}
              buttonId={`tasks-${show ?? "all"}`}
              text={text}
              isSelected={search.show === show}
              onChange={() => {
                const { show: _show, ...rest } = search;
                void navigate({ search: show === undefined ? rest : { ...rest, show }, replace: true });
              }}
            />
          ))}
        </ToggleGroup>
        <span role="status">
          {shown.length === rows.length
            ? plural(rows.length, "task")
            : `${shown.length} of ${plural(rows.length, "task")}`}
          {data.hasMore && ", the first ones only"}
        </span>
      </div>
      <Drawer
        className={`pb-tasks__drawer${chosen ? " pb-is-open" : ""}`}
        isExpanded={chosen !== undefined}
        isInline
      >
        <DrawerContent
          panelContent={
            chosen && (
              <TaskPanel
                key={chosen.task.task}
                id={id}
                row={chosen}
                lines={lines?.get(chosen.task.task)}
                onClose={() => open(undefined)}
              />
            )
          }
        >
          <DrawerContentBody>
            {groups.length === 0 && <p>No tasks match these filters.</p>}
            <TaskTable id={id} groups={groups} lines={lines ?? NO_LINES} chosen={search.task} onOpen={open} />
          </DrawerContentBody>
        </DrawerContent>
      </Drawer>
    </>
  );
}

export { TasksPage as component };

/** All failed results, which show how failures were handled; none if there are too many to read. */
function useFailures(
  id: string,
  tasks: readonly Task[],
  refetchInterval: number | false,
): readonly TaskResult[] | undefined {
  const count = tasks.reduce((sum, { failed }) => sum + failed, 0);
  const enabled = count > 0 && count <= MOST_FAILURES;
  const { data } = useQuery({
    ...resultsQuery(id, { status: "failed" }, MOST_FAILURES),
    enabled,
    refetchInterval,
  });
  return enabled && data?.hasMore === false ? data.entries : undefined;
}
