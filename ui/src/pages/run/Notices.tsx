import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import type { ReactElement } from "react";
import type { Execution } from "../../api/types";
import { plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { sentence } from "../../parts/states";
import { Time } from "../../parts/Time";

interface Props {
  run: Execution;
  isDeleted: boolean;
}

/** Everything that differs from what was recorded: deleted, removed by retention, redacted, damaged, incomplete. */
export function Notices({ run, isDeleted }: Props): ReactElement {
  return (
    <div className="run-notices" role="status">
      {isDeleted && (
        <Alert component="h2" isInline variant="warning" title="This run was deleted while you viewed it">
          What you see is what was read before; nothing more can be loaded.
        </Alert>
      )}
      {!run.events.complete && run.status !== "running" && (
        <Alert component="h2" isInline variant="warning" title="This record is not complete">
          {sentence(run.events.missing ?? "events are missing")} The recorder delivers what it still has with
          the next run on the same machine.
        </Alert>
      )}
      {run.payload_removed && (
        <Alert
          component="h2"
          isInline
          isPlain
          variant="info"
          title={
            <>
              Retention removed the output and the content of results on <Time at={run.payload_removed} />
            </>
          }
        />
      )}
      {(run.damaged?.length ?? 0) > 0 && (
        <Alert component="h2" isInline variant="danger" title="Parts of the record are damaged">
          {plural(run.damaged?.reduce((sum, { lines }) => sum + lines, 0) ?? 0, "printed line")} cannot be
          read.
        </Alert>
      )}
      {run.redacted?.map((redaction) => (
        <Alert
          key={`${redaction.time} ${redaction.by}`}
          component="h2"
          isInline
          isPlain
          variant="info"
          title={
            <>
              {plural(redaction.values ?? 0, "value")} and {plural(redaction.lines ?? 0, "printed line")} were
              redacted
              {redaction.by && (
                <>
                  {" "}
                  by <Name>{redaction.by}</Name>
                </>
              )}
              {redaction.time && (
                <>
                  {" "}
                  on <Time at={redaction.time} />
                </>
              )}
              {redaction.note && (
                <>
                  : <Name>{redaction.note}</Name>
                </>
              )}
            </>
          }
        />
      ))}
    </div>
  );
}
