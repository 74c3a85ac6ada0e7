import type { ReactElement } from "react";
import { Empty } from "../../parts/states";

/** Shown if the token lacks the scope. */
export function NoScope(): ReactElement {
  return (
    <Empty title="This token may not make schedules">
      Schedules start runs, so making one needs a token with the scope <code>run</code>.
    </Empty>
  );
}
