import type { ReactElement } from "react";
import type { Comparison } from "../../api/types";
import { duration, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { taskName } from "./groups";
import { TaskPlace } from "./TaskPlace";

/** Tasks that took longer or shorter, as bars of one scale. */
export function Durations({ durations }: Pick<Comparison, "durations">): ReactElement {
  const longest = Math.max(...durations.map(({ before, now }) => Math.max(before, now)));
  return (
    <div className="compare-scroll">
      <table className="compare-table" aria-label="Durations that differ">
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          {durations.map(({ task, before, now, host_count: hosts }) => (
            <tr key={task.task}>
              <th scope="row">
                <strong>
                  <Name>{taskName(task)}</Name>
                </strong>
                <br />
                <TaskPlace task={task} />
              </th>
              <td>
                <Bar seconds={before} of={longest} />
              </td>
              <td>
                <Bar seconds={now} of={longest} />
              </td>
              <td className="pb-number">
                {now > before ? "▲" : "▼"} {duration(Math.abs(now - before))}{" "}
                {now > before ? "longer" : "shorter"}
                <div className="pb-subtle">on {plural(hosts, "host")}</div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Bar({ seconds, of }: { seconds: number; of: number }): ReactElement {
  return (
    <span className="compare-bar">
      <span className="pb-number">{duration(seconds)}</span>
      <span className="compare-bar-track" aria-hidden="true">
        <span className="compare-bar-part" style={{ width: `${(100 * seconds) / of}%` }} />
      </span>
    </span>
  );
}
