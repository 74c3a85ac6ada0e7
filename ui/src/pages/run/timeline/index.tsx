import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactElement, useCallback, useMemo } from "react";
import { executionQuery } from "../../../api/queries";
import { type Entries, hostsQuery, resultsQuery, tasksQuery } from "../../../api/run";
import type { Task, TaskResult } from "../../../api/types";
import { duration, plural } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { useNow } from "../../../parts/now";
import { useDocumentTitle } from "../../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../../parts/states";
import { LinesLink } from "../../../result/ConsoleLink";
import { type HostBar, hostBars, linesOf, type NoteLine, taskBars } from "../../../timeline/bars";
import { scaleOf } from "../../../timeline/scale";
import { Timeline } from "../../../timeline/Timeline";
import { openTasks, toggled } from "./search";
import { TopLists } from "./TopLists";

const route = getRouteApi("/shell/runs/$id/timeline");

/** Maximum number of hosts of a task. */
const HOSTS = 1_000;

/** How often a running execution is read again if changes are not announced, in milliseconds. */
const POLL = 5_000;

export function TimelinePage(): ReactElement {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useDocumentTitle("Timeline");
  const { data: run } = useQuery(executionQuery(id));
  const isRunning = run?.status === "running";
  const refetchInterval = isRunning ? POLL : false;
  const tasks = useQuery({ ...tasksQuery(id), refetchInterval });
  const hosts = useQuery({ ...hostsQuery(id), enabled: isRunning, refetchInterval });
  const clock = useNow(1_000);
  const now = isRunning ? clock : undefined;
  const bars = useMemo(
    () => taskBars(tasks.data?.entries ?? [], hosts.data?.entries ?? [], now),
    [tasks.data, hosts.data, now],
  );
  const scale = useMemo(() => scaleOf(bars), [bars]);
  const open = openTasks(search);
  const below = useResults(id, open, refetchInterval);
  const order = search.order ?? "time";
  const lines = useMemo(() => linesOf(bars, order, below), [bars, order, below]);
  if (!tasks.data) {
    return tasks.error ? <Failed error={tasks.error} what="the timeline" /> : <Loading what="the timeline" />;
  }
  if (bars.length === 0) {
    return <Empty title="No task has begun">The timeline fills as soon as the first task begins.</Empty>;
  }
  return (
    <>
      <h2 className="pf-v6-screen-reader">Timeline</h2>
      <div className="pb-timeline__bar-row">
        <ToggleGroup aria-label="Order" isCompact>
          {(["time", "slowest"] as const).map((one) => (
            <ToggleGroupItem
              key={one}
              buttonId={`timeline-${one}`}
              text={one === "time" ? "In order" : "Slowest first"}
              isSelected={order === one}
              onChange={() => void navigate({ search: (last) => ({ ...last, order: one }), replace: true })}
            />
          ))}
        </ToggleGroup>
        <span>
          {plural(bars.length, "task")} in {duration((scale.end - scale.start) / 1_000)}
          {scale.gaps.length > 0 && `, with ${plural(scale.gaps.length, "idle stretch", "idle stretches")}`}
        </span>
      </div>
      <Timeline
        lines={lines}
        scale={scale}
        open={new Set(open)}
        onToggle={(task) => void navigate({ search: (last) => toggled(last, task), replace: true })}
        renderTask={(bar) => (
          <Link to="/runs/$id/tasks" params={{ id }} search={{ task: bar.task.task }}>
            Results
          </Link>
        )}
        renderHost={(bar) => <HostLinks id={id} bar={bar} />}
      />
      <TopLists id={id} bars={bars} results={run?.results ?? 0} isRunning={isRunning} />
    </>
  );
}

export { TimelinePage as component };

function HostLinks({ id, bar }: { id: string; bar: HostBar }): ReactElement {
  const params = { id, task: String(bar.task.task), host: bar.host };
  return (
    <>
      <Link to="/runs/$id/results/$task/$host" params={params} search={{}}>
        <Name>{bar.host}</Name>
      </Link>
      <LinesLink id={id} lines={bar.result.lines}>
        Console
      </LinesLink>
    </>
  );
}

/** The lines below open tasks: their results, as they come. */
function useResults(id: string, open: readonly number[], refetchInterval: number | false) {
  const results = useQueries({
    // While a run continues, its log is not read repeatedly for the lines.
    queries: open.map((task) => ({
      ...resultsQuery(id, { task, ...(refetchInterval === false && { lines: true }) }, HOSTS),
      refetchInterval,
    })),
    combine: useCallback(
      (queries: { data: Entries<TaskResult> | undefined; error: unknown }[]) =>
        queries.map(({ data, error }) => ({ data, error })),
      [],
    ),
  });
  const key = open.join(".");
  return useMemo(() => {
    const byTask = new Map(
      key === "" ? [] : key.split(".").map((task, at) => [Number(task), results[at]] as const),
    );
    return (task: Task): readonly (HostBar | NoteLine)[] => {
      const found = byTask.get(task.task);
      if (!found) {
        return [];
      }
      const note = (text: string): NoteLine => ({ kind: "note", task, text });
      if (!found.data) {
        return [note(found.error ? "The results could not be read." : "Reading the results …")];
      }
      const bars = hostBars(task, found.data.entries);
      return found.data.hasMore ? [...bars, note("There are more: see the results of the task.")] : bars;
    };
  }, [key, results]);
}
