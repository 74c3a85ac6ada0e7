import type { ReactElement } from "react";
import { ownAddress } from "../api/base";
import { CopyField } from "./CopyField";
import { Empty } from "./states";

/** Shown by a new collector in place of runs: how to record the first one. */
export function FirstSteps(): ReactElement {
  const settings = `[defaults]
callbacks_enabled = playback.history.recorder

[callback_playback]
url = ${ownAddress()}
token_file = ~/.config/playback/token`;
  return (
    <Empty title="No run is recorded yet">
      <p>
        Install the recorder into the Python that runs Ansible, write these lines into{" "}
        <code>ansible.cfg</code>, and run a playbook as before: it appears here automatically.
      </p>
      <CopyField
        isExpanded
        variant="expansion"
        textAriaLabel="Lines for ansible.cfg"
        className="pb-first-steps"
      >
        {settings}
      </CopyField>
      <p>
        The file holds a token with the scope <code>ingest</code>:{" "}
        <code>playback token create controllers --scope ingest</code>.
      </p>
    </Empty>
  );
}
