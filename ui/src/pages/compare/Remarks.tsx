import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import type { ReactElement } from "react";
import type { Comparison } from "../../api/types";

/** What limits the comparison, in the collector's words. */
export function Remarks({ comparison }: { comparison: Comparison }): ReactElement | null {
  const { remarks, before, now } = comparison;
  if (remarks.length === 0) {
    return null;
  }
  // The runs are named "Before" and "Now" above, which says more than their ids.
  const said = remarks.map((remark) => remark.replaceAll(now.id, "“Now”").replaceAll(before.id, "“Before”"));
  const [only] = said;
  return (
    <Alert
      isInline
      variant="warning"
      component="h2"
      title={said.length === 1 ? only : "The comparison has limits"}
    >
      {said.length > 1 && (
        <ul>
          {said.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
