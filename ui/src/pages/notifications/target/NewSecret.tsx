import { Alert, AlertActionCloseButton } from "@patternfly/react-core/dist/esm/components/Alert";
import { useLocation } from "@tanstack/react-router";
import { type ReactElement, useEffect, useSyncExternalStore } from "react";
import { CopyField } from "../../../parts/CopyField";
import { forgetSecret, madeSecret, onSecret } from "../secretOnce";

/** The signing secret that was just generated: shown once, until the user closes it or leaves the page. */
export function NewSecret({ name }: { name: string }): ReactElement | null {
  const secret = useSyncExternalStore(onSecret, () => madeSecret(name));
  const path = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    // Depends on the address, because React mounts components twice in development mode.
    const left = path;
    return () => {
      if (!window.location.pathname.endsWith(left)) {
        forgetSecret();
      }
    };
  }, [path]);
  return secret === undefined ? null : (
    <Alert
      isInline
      component="p"
      variant="success"
      title="This secret signs the messages. It is only shown now."
      actionClose={<AlertActionCloseButton title="I have it" onClose={forgetSecret} />}
    >
      <p>The receiver verifies messages with it: give it to the developer of the receiver.</p>
      <CopyField textAriaLabel="The secret to sign with">{secret}</CopyField>
    </Alert>
  );
}
