import type { ReactElement } from "react";
import { Empty, sentence } from "../../parts/states";

/** Where the token lacks the scope. */
export function NoScope(): ReactElement {
  return (
    <Empty title="This token may not launch runs">
      Launching needs a token with the scopes <code>run</code> and <code>read</code>. Whoever administers the
      collector makes one with <code>playback token create NAME --scope run --scope read</code>. Such a token
      is as powerful as a shell on the collector's machine.
    </Empty>
  );
}

/** Where the launcher is not configured. */
export function NotConfigured({ message }: { message: string }): ReactElement {
  return (
    <Empty title="This collector launches nothing yet">
      <p>{sentence(message)}</p>
      <pre className="launch-example">{`[launcher]
playbooks = ["/srv/ansible/playbooks"]
inventories = ["/srv/ansible/inventories"]`}</pre>
      <p>
        Then restart it. Who has a token with the scope <code>run</code> can do whatever the collector's user
        can: read <code>docs/launcher.md</code> about running as another user first.
      </p>
    </Empty>
  );
}
