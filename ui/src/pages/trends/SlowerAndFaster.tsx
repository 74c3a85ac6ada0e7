import type { ReactElement } from "react";
import type { Trends } from "../../api/types";
import { Change } from "./Change";
import { Section } from "./Section";
import { TaskName } from "./TaskName";

/** Tasks whose durations changed. */
export function SlowerAndFaster({ trends }: { trends: Trends }): ReactElement | null {
  const tasks = trends.tasks.filter(({ durations }) => (durations?.changes ?? []).length > 0);
  if (tasks.length === 0) {
    return null;
  }
  return (
    <Section
      title="Tasks that became slower or faster"
      about="Only changes that are unlikely to be chance, and of at least 10 % and half a second."
      isWide={false}
    >
      <ul className="trends-list">
        {tasks.map((task) => (
          <li key={`${task.playbook} ${task.path} ${task.line} ${task.name}`}>
            <TaskName task={task} />
            {task.durations?.changes?.map((change) => (
              <div key={change.run.id}>
                <Change change={change} />
              </div>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}
