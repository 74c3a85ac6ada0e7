import type { ReactElement } from "react";
import type { Earlier } from "../../api/compare";
import type { ApiError } from "../../api/error";
import type { Execution } from "../../api/types";
import { LinkButton } from "../../parts/LinkButton";
import { PageTitle } from "../../parts/PageTitle";
import { runName } from "../../parts/runs";
import { Empty, Failed } from "../../parts/states";
import { ChooseRun } from "./ChooseRun";

interface Props {
  error: ApiError;
  /** The run that was to be compared, if it exists. */
  run: Execution | undefined;
  /** The other run, if both are named. */
  before: string | undefined;
  earlier: Earlier;
  retry(): void;
}

/** Explains why two runs cannot be compared, and what can be done. */
export function NotComparable({ error, run, before, earlier, retry }: Props): ReactElement {
  if (!error.isMissing) {
    return (
      <>
        <PageTitle title="Compare" />
        <Failed error={error} what="the comparison" retry={retry} />
      </>
    );
  }
  if (run === undefined) {
    return (
      <>
        <PageTitle title="Compare" />
        <Empty title="Run not found" actions={<LinkButton to="/runs">To the runs</LinkButton>}>
          It was deleted, or the link is wrong. A deleted run cannot be restored.
        </Empty>
      </>
    );
  }
  const isEarlierMissing = before === undefined;
  const isLastGood = earlier === "last_good";
  return (
    <>
      <PageTitle title={`Compare ${runName(run)}`} />
      <Empty
        title={
          isEarlierMissing
            ? isLastGood
              ? "No earlier run of the same kind succeeded"
              : "There is no earlier run of the same kind"
            : "The run to compare with was not found"
        }
        actions={
          <>
            {isEarlierMissing && isLastGood && (
              <LinkButton to="/compare/$a" params={{ a: run.id }} search={{ with: "previous" }}>
                Compare with the previous run
              </LinkButton>
            )}
            <ChooseRun now={run} {...(before !== undefined && { before })} />
          </>
        }
      >
        {isEarlierMissing
          ? "Runs of the same kind have the same playbook, inventory, limit and check mode. Any two runs can be compared, though: choose one."
          : "It was deleted. Choose another."}
      </Empty>
    </>
  );
}
