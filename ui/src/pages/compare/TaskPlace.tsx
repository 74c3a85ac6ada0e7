import type { ReactElement } from "react";
import { Name } from "../../parts/Name";
import type { ComparedTask } from "./groups";

/** Module, play, file and line of a task, in small letters. */
export function TaskPlace({ task }: { task: ComparedTask }): ReactElement {
  const { action, play, path, line, handler } = task;
  return (
    <span className="compare-place pb-subtle">
      {handler && "handler, "}
      {action.replace(/^ansible\.builtin\./, "")}
      {play !== "" && (
        <>
          , play <Name>{play}</Name>
        </>
      )}
      {path && (
        <>
          , <Name className="pb-code">{line ? `${path}:${line}` : path}</Name>
        </>
      )}
    </span>
  );
}
