import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { memo, type ReactElement } from "react";
import { firstIndex } from "./sections";
import type { TaskPlace } from "./types";
import type { Tasks } from "./useTasks";

interface Props {
  tasks: Tasks;
  /** Number of the line at the upper edge. */
  top: number;
  onGoTo: (line: number) => void;
}

/** The task at the upper edge, and all others to go to. */
export function TaskPicker({ tasks: { tasks, hasMore, want }, top, onGoTo }: Props): ReactElement | null {
  if (tasks.length === 0 && !hasMore) {
    return null;
  }
  const at = firstIndex(tasks, (task) => task.from > top) - 1;
  return (
    <FormSelect
      className="pbc-tasks"
      aria-label="Go to task"
      value={at < 0 ? "" : String(tasks[at]?.from)}
      onFocus={want}
      onPointerEnter={want}
      onChange={(_, line) => line !== "" && onGoTo(Number(line))}
    >
      <FormSelectOption value="" label={hasMore ? "Tasks in view" : "Tasks"} />
      <Options tasks={tasks} />
    </FormSelect>
  );
}

/** Only drawn again when the tasks change, not whenever the reader scrolls. */
const Options = memo(function Options({ tasks }: { tasks: readonly TaskPlace[] }): ReactElement {
  return (
    <>
      {tasks.map(({ from, title, failed }) => (
        <FormSelectOption key={from} value={String(from)} label={failed ? `✖ failed: ${title}` : title} />
      ))}
    </>
  );
});
