import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import type { ReactElement } from "react";
import { Empty } from "../../parts/states";
import { inPeriod } from "./period";
import type { Period } from "./search";

interface Props {
  period: Period;
  /** Whether newer changes were on the pages before. */
  isLater: boolean;
  /** Whether there may be older ones on the next page. */
  hasMore: boolean;
  showAllTime(): void;
}

/** Shown instead of changes; one click switches from a period to all time. */
export function NoChanges({ period, isLater, hasMore, showAllTime }: Props): ReactElement {
  if (hasMore) {
    return <Empty title="No change on this page">The next page may have some.</Empty>;
  }
  return (
    <Empty
      title={`${isLater ? "No older change of this host" : "No task changed this host"}${inPeriod(period)}`}
      actions={
        period === "all" ? undefined : (
          <Button variant="primary" onClick={showAllTime}>
            Show all time
          </Button>
        )
      }
    >
      Runs in check mode change nothing, and do not count.
    </Empty>
  );
}
