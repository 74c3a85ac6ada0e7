import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import type { ReactElement } from "react";
import type { TaskResult } from "../api/types";
import { Name } from "../parts/Name";
import { OutcomeLabel, type OutcomeWord } from "../parts/OutcomeLabel";

/** The status of a result, in one word. */
export function outcomeOfResult(result: TaskResult): OutcomeWord {
  if (result.status === "ok") {
    return result.changed ? "changed" : "ok";
  }
  if (result.status === "skipped") {
    return "skipped";
  }
  return result.rescued ? "rescued" : result.ignored ? "ignored" : result.status;
}

interface Props {
  result: TaskResult;
  attempts?: number | undefined;
}

/** The outcome of a result, and its special properties. */
export function ResultMarks({ result, attempts }: Props): ReactElement {
  const marks = [
    result.delegated && `ran on ${result.delegated_to ?? "another host"}`,
    result.retried && (attempts === undefined ? "retried" : `${attempts} attempts`),
    result.loop && "loop",
    result.censored && "censored by no_log",
    result.retracted && "repeated in the debugger, does not count",
  ].filter((mark) => mark !== false);
  return (
    <span className="pb-result__labels">
      <OutcomeLabel outcome={outcomeOfResult(result)} />
      {marks.map((mark) => (
        <Label key={mark} isCompact variant="outline">
          <Name>{mark}</Name>
        </Label>
      ))}
    </span>
  );
}
