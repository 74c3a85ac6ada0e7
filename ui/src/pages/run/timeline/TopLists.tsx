import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactElement, type ReactNode, useCallback, useMemo } from "react";
import { type Entries, resultsQuery } from "../../../api/run";
import type { TaskResult } from "../../../api/types";
import { duration } from "../../../parts/format";
import { HostLink } from "../../../parts/HostLink";
import { Name } from "../../../parts/Name";
import { longestWithin, slowest, slowestHosts, type TaskBar } from "../../../timeline/bars";

/** Entries of each list. */
const COUNT = 5;

/** Maximum number of results that are read to sum up the time of hosts; and of one task that has more. */
const RESULTS = 5_000;
const RESULTS_OF_TASK = 20_000;

interface Props {
  id: string;
  bars: readonly TaskBar[];
  /** How many results the run has. */
  results: number;
  isRunning: boolean;
}

/** The tasks and the hosts that took longest. */
export function TopLists({ id, bars, results, isRunning }: Props): ReactElement {
  return (
    <div className="pb-timeline__top">
      <section>
        <h3>Slowest tasks</h3>
        <ol>
          {slowest(bars, COUNT).map(({ bar, seconds, share }) => (
            <li key={bar.task.task}>
              <Link to="/runs/$id/tasks" params={{ id }} search={{ task: bar.task.task }}>
                <Name>{bar.task.name || bar.task.action}</Name>
              </Link>{" "}
              {duration(seconds)}, {(share * 100).toFixed(0)} %
            </li>
          ))}
        </ol>
      </section>
      <section>
        <h3>Slowest hosts</h3>
        {results === 0 && <p>There are no results yet.</p>}
        {results > 0 && results <= RESULTS && <OfAll id={id} />}
        {results > RESULTS &&
          (isRunning ? (
            <p>The run has many results. They are summed up when it is over.</p>
          ) : (
            <OfLongest id={id} bars={bars} />
          ))}
      </section>
    </div>
  );
}

function OfAll({ id }: { id: string }): ReactElement {
  const { data } = useQuery(resultsQuery(id, {}, RESULTS));
  return <Hosts results={data?.entries} />;
}

/** Based on the longest tasks only, if there are too many results. */
function OfLongest({ id, bars }: Pick<Props, "id" | "bars">): ReactElement {
  const tasks = useMemo(() => longestWithin(bars, RESULTS), [bars]);
  const results = useQueries({
    queries: tasks.map(({ task }) => resultsQuery(id, { task: task.task }, RESULTS_OF_TASK)),
    combine: useCallback((queries: { data: Entries<TaskResult> | undefined }[]) => {
      const read = queries.flatMap(({ data }) => (data === undefined ? [] : [data.entries]));
      return read.length === queries.length ? read.flat() : undefined;
    }, []),
  });
  return (
    <Hosts results={results}>
      <p className="pb-subtle">
        In the {tasks.length === 1 ? "slowest task" : `${tasks.length} slowest tasks`}: all results are too
        many.
      </p>
    </Hosts>
  );
}

interface HostsProps {
  /** Missing while they are being read. */
  results: readonly TaskResult[] | undefined;
  children?: ReactNode;
}

function Hosts({ results, children }: HostsProps): ReactElement | null {
  const hosts = useMemo(() => slowestHosts(results ?? [], COUNT), [results]);
  return results === undefined ? null : (
    <>
      <ol>
        {hosts.map(({ host, seconds }) => (
          <li key={host}>
            <HostLink name={host} /> {duration(seconds)} of work
          </li>
        ))}
      </ol>
      {children}
    </>
  );
}
