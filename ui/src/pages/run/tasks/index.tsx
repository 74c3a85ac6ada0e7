import { Drawer, DrawerContent, DrawerContentBody } from "@patternfly/react-core/dist/esm/components/Drawer";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { executionQuery, playsQuery } from "../../../api/queries";
import { tasksQuery } from "../../../api/run";
import { plural } from "../../../parts/format";
import { useDocumentTitle } from "../../../parts/PageTitle";
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

/** How often a running execution is read again where nothing tells of changes, in milliseconds. */
const POLL = 5_000;

export function TasksPage(): ReactElement {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useDocumentTitle("Tasks");
  const { data: run } = useQuery(executionQuery(id));
  const refetchInterval = run?.status === "running" ? POLL : false;
  const { data, error, refetch } = useQuery({ ...tasksQuery(id), refetchInterval });
  const { data: plays } = useQuery({ ...playsQuery(id), refetchInterval });
  const rows = useMemo(() => rowsOf(data?.entries ?? []), [data]);
  const shown = useMemo(() => filterRows(rows, search), [rows, search]);
  const groups = useMemo(() => groupRows(shown, plays?.plays ?? []), [shown, plays]);
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
              <TaskPanel key={chosen.task.task} id={id} row={chosen} onClose={() => open(undefined)} />
            )
          }
        >
          <DrawerContentBody>
            {groups.length === 0 && <p>No task is like that.</p>}
            <TaskTable groups={groups} chosen={search.task} onOpen={open} />
          </DrawerContentBody>
        </DrawerContent>
      </Drawer>
    </>
  );
}

export { TasksPage as component };
