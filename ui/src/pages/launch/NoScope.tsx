import type { ReactElement } from "react";
import { Empty } from "../../parts/states";

/** Shown if the token lacks the scope. */
export function NoScope(): ReactElement {
  return (
    <Empty title="This token may not launch runs">
      Launching needs a token with the scopes <code>run</code> and <code>read</code>. An administrator of the
      collector can create one with <code>playback token create NAME --scope run --scope read</code>. Such a
      token is as powerful as a shell on the collector's machine.
    </Empty>
  );
}
