import { Banner } from "@patternfly/react-core/dist/esm/components/Banner";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import DisconnectedIcon from "@patternfly/react-icons/dist/esm/icons/disconnected-icon";
import type { ReactElement } from "react";
import { useConnection } from "../api/connection";
import { Time } from "../parts/Time";

/** Shows that the collector does not answer, and since when the displayed data may be out of date. */
export function AwayBanner({ retry }: { retry: () => void }): ReactElement {
  const { state, answered } = useConnection();
  return (
    // Always rendered, so that screen readers announce it when it fills.
    <div role="status">
      {state === "away" && (
        <Banner status="warning" className="app-away">
          <DisconnectedIcon /> The collector does not answer. What you see is from <Time at={answered} />.
          Retrying automatically.{" "}
          <Button variant="link" isInline onClick={retry}>
            Try now
          </Button>
        </Banner>
      )}
    </div>
  );
}
