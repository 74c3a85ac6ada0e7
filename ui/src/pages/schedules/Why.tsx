import type { ReactElement } from "react";
import type { Schedule } from "../../api/types";
import { Name } from "../../parts/Name";
import { sentence } from "../../parts/states";
import { Time } from "../../parts/Time";

/** Why a schedule would start no run: who paused it, or the collector's message. */
export function Why({ schedule: { paused, blocked } }: { schedule: Schedule }): ReactElement | null {
  if (paused) {
    return (
      <>
        By <Name>{paused.by}</Name>, <Time at={paused.time} as="ago" />
        {paused.note ? (
          <>
            : <Name>{paused.note}</Name>
          </>
        ) : (
          "."
        )}
      </>
    );
  }
  return blocked ? <Name>{sentence(blocked.message)}</Name> : null;
}
