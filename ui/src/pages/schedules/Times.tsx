import type { ReactElement } from "react";
import { useNow } from "../../parts/now";
import { Time } from "../../parts/Time";
import { inZone, isWholeMinute } from "./words";

/** Times in the schedule's zone, and how far away they are. */
export function Times({ times }: { times: readonly string[] }): ReactElement {
  const hasSeconds = !times.every(isWholeMinute);
  return (
    <ol className="schedules-times">
      {times.map((time) => (
        <li key={time}>
          <span>{inZone(time, hasSeconds)}</span>
          <span className="pb-subtle">
            <Until at={time} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** How far away a time is: "in 11 hours". */
export function Until({ at }: { at: string }): ReactElement {
  const now = useNow(10_000);
  return Math.abs(Date.parse(at) - now) < 60_000 ? <>within a minute</> : <Time at={at} as="ago" />;
}
