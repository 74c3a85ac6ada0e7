import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import type { ReactElement } from "react";
import type { HostFacts, UnreadableFacts } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { plural } from "../../parts/format";
import { Time } from "../../parts/Time";

/** The runs from which facts are. */
export function Sources({ sources }: { sources: HostFacts["sources"] }): ReactElement | null {
  const newest = sources.at(-1);
  if (newest === undefined) {
    return null;
  }
  const others = sources.length - 1;
  return (
    <>
      Last reported <Time at={newest.time} as="ago" /> by <ExecutionLink id={newest.execution} />
      {others > 0 && `, some earlier by ${plural(others, "other report")}`}.
    </>
  );
}

/** Reports of facts that are gone or damaged: the displayed facts may be out of date. */
export function Unreadable({ gaps }: { gaps: readonly UnreadableFacts[] }): ReactElement | null {
  if (gaps.length === 0) {
    return null;
  }
  return (
    <Alert
      variant="warning"
      isInline
      isPlain
      component="p"
      title={`${plural(gaps.length, "report of facts", "reports of facts")} can no longer be read`}
    >
      {gaps.slice(0, 5).map((gap) => (
        <div key={`${gap.execution} ${gap.time}`}>
          <ExecutionLink id={gap.execution} /> at <Time at={gap.time} />:{" "}
          {gap.reason === "payload_removed" ? "retention deleted its log" : "its log is damaged"}
        </div>
      ))}
    </Alert>
  );
}
