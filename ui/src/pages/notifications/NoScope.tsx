import type { ReactElement } from "react";
import { Empty } from "../../parts/states";

/** Shown if the token lacks the scope. */
export function NoScope(): ReactElement {
  return (
    <Empty title="This token may not see notifications">
      They need a token with the scope <code>admin</code>.
    </Empty>
  );
}
