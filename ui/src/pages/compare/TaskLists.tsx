import type { ReactElement, ReactNode } from "react";
import type { Comparison } from "../../api/types";
import { integer } from "../../parts/format";
import { Name } from "../../parts/Name";
import { type ComparedTask, taskName } from "./groups";
import { TaskPlace } from "./TaskPlace";

/** Tasks that only one run has, and those that were moved or renamed. */
export function TaskLists({ comparison }: { comparison: Comparison }): ReactElement {
  const { summary, tasks_added, tasks_gone, tasks_moved, tasks_renamed } = comparison;
  return (
    <>
      <List sign="+" word="Added" total={summary.tasks_added} entries={tasks_added.map(one)} />
      <List sign="−" word="Gone" total={summary.tasks_gone} entries={tasks_gone.map(one)} />
      <List sign="↕" word="Moved" total={summary.tasks_moved} entries={tasks_moved.map(two)} />
      <List sign="≈" word="Renamed" total={summary.tasks_renamed} entries={tasks_renamed.map(two)} />
    </>
  );
}

interface Entry {
  key: string;
  content: ReactNode;
}

function one(task: ComparedTask): Entry {
  const content = (
    <>
      <Name>{taskName(task)}</Name> <TaskPlace task={task} />
    </>
  );
  return { key: String(task.task), content };
}

function two({ before, now }: Comparison["tasks_moved"][number]): Entry {
  const [was, is] = [taskName(before), taskName(now)];
  const content = (
    <>
      {was !== is && (
        <>
          <Name>{was}</Name> →{" "}
        </>
      )}
      <Name>{is}</Name> <TaskPlace task={now} />
      {was === is && (
        <>
          {" "}
          <span className="pb-subtle">before:</span> <TaskPlace task={before} />
        </>
      )}
    </>
  );
  return { key: String(now.task), content };
}

interface ListProps {
  sign: string;
  word: string;
  total: number;
  entries: readonly Entry[];
}

function List({ sign, word, total, entries }: ListProps): ReactElement | null {
  if (total === 0) {
    return null;
  }
  return (
    <div className="compare-list">
      <h3 className="compare-list-title">
        {word} {total > 1 && <span className="compare-count">{integer(total)}</span>}
      </h3>
      <ul>
        {entries.map(({ key, content }) => (
          <li key={key}>
            <span className="compare-sign" aria-hidden="true">
              {sign}
            </span>
            <span>{content}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
