import type { ReactElement } from "react";
import { Time } from "../../parts/Time";
import { inZone } from "./words";

/** Times as the schedule's zone has them, and how far away they are. */
export function Times({ times }: { times: readonly string[] }): ReactElement {
  return (
    <ol className="schedules-times">
      {times.map((time) => (
        <li key={time} className="schedules-time">
          <span>{inZone(time)}</span>
          <span className="pb-subtle">
            <Time at={time} as="ago" />
          </span>
        </li>
      ))}
    </ol>
  );
}
