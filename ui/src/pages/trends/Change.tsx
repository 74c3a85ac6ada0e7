import ArrowDownIcon from "@patternfly/react-icons/dist/esm/icons/long-arrow-alt-down-icon";
import ArrowUpIcon from "@patternfly/react-icons/dist/esm/icons/long-arrow-alt-up-icon";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { DurationChange } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { duration } from "../../parts/format";
import { Time } from "../../parts/Time";
import { growth } from "./points";

/** "↑ 25 s → 37 s (+47 %) since 2026-11-21 23:49 (run 0b741f), from commit 1234567 to 89abcde. Compare". */
export function Change({ change }: { change: DurationChange }): ReactElement {
  const { before, after, run, commit, commit_before } = change;
  const isSlower = after > before;
  return (
    <>
      {isSlower ? <ArrowUpIcon /> : <ArrowDownIcon />} {isSlower ? "Slower" : "Faster"}:{" "}
      <span className="pb-number">
        {duration(before)} → {duration(after)} ({growth(before, after)})
      </span>{" "}
      since <Time at={run.start_time} /> (run <ExecutionLink id={run.id} />)
      {commit && (
        <>
          ,{" "}
          {commit === commit_before ? (
            <>
              with the same commit <Commit id={commit} />
            </>
          ) : (
            <>
              {commit_before && (
                <>
                  from commit <Commit id={commit_before} />{" "}
                </>
              )}
              to <Commit id={commit} />
            </>
          )}
        </>
      )}
      .{" "}
      <Link to="/compare/$a" params={{ a: run.id }}>
        Compare
      </Link>
    </>
  );
}

function Commit({ id }: { id: string }): ReactElement {
  return (
    <code className="pb-code" title={id}>
      {id.slice(0, 8)}
    </code>
  );
}
