import { ClipboardCopy } from "@patternfly/react-core/dist/esm/components/ClipboardCopy";
import type { ReactElement } from "react";
import { Section } from "./Section";

const COMMANDS = [
  ["Make one, for a person who reads", "playback token create ann --scope read"],
  ["Make one for recorders, for a year", "playback token create ci --scope ingest --expires-days 365"],
  ["List them, with when each was last used", "playback token list"],
  ["Revoke one, which ends its logins, too", "playback token revoke ann"],
] as const;

/** How tokens are managed on the collector's machine, for those whose own does not allow it here. */
export function TokenCommands(): ReactElement {
  return (
    <Section
      title="Tokens"
      about="Whoever may do everything makes and revokes tokens here; on the collector's machine, these commands do. A token is shown once, when it is made."
    >
      <dl className="settings-commands">
        {COMMANDS.map(([what, command]) => (
          <div key={command}>
            <dt>{what}</dt>
            <dd>
              <ClipboardCopy
                isReadOnly
                isCode
                hoverTip="Copy"
                clickTip="Copied"
                textAriaLabel={what}
                toggleAriaLabel={what}
              >
                {command}
              </ClipboardCopy>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
