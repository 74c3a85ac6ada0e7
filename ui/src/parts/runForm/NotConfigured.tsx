import type { ReactElement } from "react";
import { Empty, sentence } from "../states";
import "../form/form.css";

/** Shown if the launcher is not configured. */
export function NotConfigured({ message }: { message: string }): ReactElement {
  return (
    <Empty title="This collector launches nothing yet">
      <p>{sentence(message)}</p>
      <pre className="pb-form-example">{`[launcher]
playbooks = ["/srv/ansible/playbooks"]
inventories = ["/srv/ansible/inventories"]`}</pre>
      <p>
        Then restart it. Who has a token with the scope <code>run</code> can do whatever the collector's user
        can: read <code>docs/launcher.md</code> about running as another user first.
      </p>
    </Empty>
  );
}
