import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import type { Trends, Turns } from "../../api/types";
import { fileName } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { Name } from "../../parts/Name";
import { runsOf } from "./runsOf";
import { Section } from "./Section";
import { TaskName } from "./TaskName";

interface Item {
  key: string;
  kind: "Playbook" | "Task" | "Host";
  turns: Turns;
  name: ReactNode;
  /** The link to its failed runs. */
  runs: ReactNode;
}

/** What alternates between success and failure, although nothing else changed. */
export function Flaky({ trends }: { trends: Trends }): ReactElement {
  const items = itemsOf(trends);
  return (
    <Section
      title="Flaky"
      about="Success and failure alternated three times or more, with the same commit, inventory, limit and tags."
      isWide={false}
    >
      {items.length === 0 && <p>None.</p>}
      <ul className="trends-list">
        {items.map(({ key, kind, turns, name, runs }) => (
          <li key={key}>
            <span className="pb-subtle">{kind}</span> {name}
            <div>
              turned {turns.turns} times in {turns.of} pairs of runs; {runs}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function itemsOf({ playbooks, tasks, hosts }: Trends): Item[] {
  const items: Item[] = [];
  for (const playbook of playbooks) {
    if (playbook.flaky) {
      items.push({
        key: `playbook ${playbook.folder} ${playbook.name}`,
        kind: "Playbook",
        turns: playbook.flaky,
        name: <Name className="pb-break">{fileName(playbook.name)}</Name>,
        runs: <FailedRuns search={runsOf(playbook)} />,
      });
    }
  }
  for (const task of tasks) {
    if (task.flaky) {
      items.push({
        key: `task ${task.playbook} ${task.path} ${task.line} ${task.name}`,
        kind: "Task",
        turns: task.flaky,
        name: <TaskName task={task} />,
        runs: <FailedRuns search={{ playbook: task.playbook }} />,
      });
    }
  }
  for (const host of hosts) {
    if (host.flaky) {
      items.push({
        key: `host ${host.name}`,
        kind: "Host",
        turns: host.flaky,
        name: <HostLink name={host.name} />,
        runs: <FailedRuns search={{ host: host.name }} />,
      });
    }
  }
  return items;
}

function FailedRuns({ search }: { search: { host?: string; playbook?: string; q?: string } }): ReactElement {
  return (
    <Link to="/runs" search={{ ...search, status: "failed" }}>
      its failed runs
    </Link>
  );
}
