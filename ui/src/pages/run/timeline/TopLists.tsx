import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { resultsQuery } from "../../../api/run";
import { duration } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { slowest, slowestHosts, type TaskBar } from "../../../timeline/bars";

/** Entries of each list. */
const COUNT = 5;

/** Results that are read to sum up the time of hosts, at most. */
const RESULTS = 5_000;

interface Props {
  id: string;
  bars: readonly TaskBar[];
  /** How many results the run has. */
  results: number;
}

/** The tasks and the hosts that took longest. */
export function TopLists({ id, bars, results }: Props): ReactElement {
  const isReadable = results > 0 && results <= RESULTS;
  const { data } = useQuery({ ...resultsQuery(id, {}, RESULTS), enabled: isReadable });
  const hosts = useMemo(() => slowestHosts(data?.entries ?? [], COUNT), [data]);
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
        {isReadable ? (
          <ol>
            {hosts.map(({ host, seconds }) => (
              <li key={host}>
                <Link to="/hosts/$name" params={{ name: host }}>
                  <Name>{host}</Name>
                </Link>{" "}
                {duration(seconds)} of work
              </li>
            ))}
          </ol>
        ) : (
          <p>
            {results > 0
              ? "The run has too many results to sum up. Unfold a task to see its slowest hosts."
              : "There are no results yet."}
          </p>
        )}
      </section>
    </div>
  );
}
