import type { ReactElement } from "react";
import { plural } from "./format";

/** How long entries of the audit trail are kept; without a number of days, forever. */
export function AuditKept({ days }: { days: number | null | undefined }): ReactElement {
  return (
    <p className="pb-subtle pb-small">
      {days ? (
        <>
          Entries of the audit trail are kept for {plural(days, "day")}, as <code>audit_keep_days</code> in
          the configuration says.
        </>
      ) : (
        <>
          Entries of the audit trail are kept for good: <code>audit_keep_days</code> in the configuration is
          not set.
        </>
      )}
    </p>
  );
}
