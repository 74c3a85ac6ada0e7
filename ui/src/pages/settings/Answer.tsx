import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import type { ReactElement } from "react";
import type { CleanupAnswer } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { integer } from "../../parts/format";
import { sentence } from "../../parts/states";
import { answerWords, keptWords } from "./cleanup";

/** What a cleanup deleted or would delete; for a dry run, with the runs themselves. */
export function Answer({ answer }: { answer: CleanupAnswer }): ReactElement {
  const { dry_run, examined, executions, payloads, deleted, payloads_removed, erased } = answer;
  const kept = keptWords(answer);
  return (
    <Alert
      isInline
      component="p"
      variant={dry_run ? "info" : "success"}
      title={sentence(answerWords(answer))}
    >
      <p>
        {integer(examined)} examined. {kept !== "" && sentence(kept)}
        {!dry_run &&
          deleted > 0 &&
          !erased &&
          " The database's files are cleaned as soon as no reader holds them."}
      </p>
      <Runs title="Runs" ids={executions ?? []} all={deleted} />
      <Runs title="Runs that lose only their output" ids={payloads ?? []} all={payloads_removed} />
    </Alert>
  );
}

interface RunsProps {
  title: string;
  ids: readonly string[];
  /** How many there are; the API names the first 100. */
  all: number;
}

function Runs({ title, ids, all }: RunsProps): ReactElement | null {
  if (ids.length === 0) {
    return null;
  }
  return (
    <details className="settings-gone">
      <summary>{ids.length < all ? `${title}: the first ${ids.length} of ${integer(all)}` : title}</summary>
      <ul>
        {ids.map((id) => (
          <li key={id}>
            <ExecutionLink id={id} />
          </li>
        ))}
      </ul>
    </details>
  );
}
