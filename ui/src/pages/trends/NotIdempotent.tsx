import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { Trends } from "../../api/types";
import { plural } from "../../parts/format";
import { Section } from "./Section";
import { TaskName } from "./TaskName";

/** Tasks that always change something. */
export function NotIdempotent({ trends }: { trends: Trends }): ReactElement {
  const tasks = trends.tasks.filter(({ always_changes }) => always_changes);
  return (
    <Section
      title="Tasks that always change something"
      about="They are not idempotent: every run, three at least, reports a change."
      isWide={false}
    >
      {tasks.length === 0 && <p>None.</p>}
      <ul className="trends-list">
        {tasks.map((task) => (
          <li key={`${task.playbook} ${task.path} ${task.line} ${task.name}`}>
            <TaskName task={task} />
            <Link to="/runs" search={{ playbook: task.playbook, changed: true }}>
              changed in {plural(task.changed_runs, "run")} of {task.runs}
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
