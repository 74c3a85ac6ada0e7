import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { targetsQuery } from "../../api/notifications";

/** Shows that the collector stores no secrets, if it has no key to encrypt them with. */
export function NoKey(): ReactElement | null {
  const targets = useQuery(targetsQuery);
  if (targets.data?.has_key !== false) {
    return null;
  }
  return (
    <Alert
      isInline
      variant="warning"
      component="p"
      title="The collector has no key to encrypt secrets with: it accepts no address, token or password"
    >
      On its machine, <code>playback notify key</code> prints one. Write it into a file, name that file in its
      configuration (<code>key_file</code> below <code>[notifications]</code>), and restart the collector.
      Without one, it can only send mail, through a server that needs no password.
    </Alert>
  );
}
