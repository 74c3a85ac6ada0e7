import type { ReactElement } from "react";
import type { Schedule } from "../../api/types";
import { sentence } from "../../parts/states";
import { Time } from "../../parts/Time";

/** Why a schedule would start nothing: who paused it, or what the collector says. */
export function Why({ schedule: { paused, blocked } }: { schedule: Schedule }): ReactElement | null {
  if (paused) {
    return (
      <>
        By <bdi>{paused.by}</bdi>, <Time at={paused.time} as="ago" />
        {paused.note ? (
          <>
            : <bdi>{paused.note}</bdi>
          </>
        ) : (
          "."
        )}
      </>
    );
  }
  return blocked ? <bdi>{sentence(blocked.message)}</bdi> : null;
}
