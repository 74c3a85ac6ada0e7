import type { ReactElement } from "react";
import { CopyField } from "../../parts/CopyField";
import { Section } from "./Section";

const COMMANDS = [
  ["Create one for a person who reads", "playback token create ann --scope read"],
  ["Create one for recorders, for a year", "playback token create ci --scope ingest --expires-days 365"],
  ["List them, with the time of their last use", "playback token list"],
  ["Revoke one, which ends its logins, too", "playback token revoke ann"],
] as const;

/** How tokens are managed on the collector's machine, for users whose own token does not allow it here. */
export function TokenCommands(): ReactElement {
  return (
    <Section
      title="Tokens"
      about="A token with the scope admin can create and revoke tokens on this page. On the collector's machine, these commands do the same. A token is shown once, when it is created."
    >
      <dl className="settings-commands">
        {COMMANDS.map(([what, command]) => (
          <div key={command}>
            <dt>{what}</dt>
            <dd>
              <CopyField textAriaLabel={what} toggleAriaLabel={what}>
                {command}
              </CopyField>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
