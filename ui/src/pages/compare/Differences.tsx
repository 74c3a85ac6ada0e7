import type { ReactElement } from "react";
import type { Comparison } from "../../api/types";
import { Durations } from "./Durations";
import type { Groups, TaskGroup } from "./groups";
import { Hosts } from "./Hosts";
import type { SectionId } from "./headline";
import { Output } from "./Output";
import { Parameters } from "./Parameters";
import { Section } from "./Section";
import { TaskChanges } from "./TaskChanges";
import { TaskLists } from "./TaskLists";

interface Props {
  comparison: Comparison;
  groups: Groups;
}

/** All differences, the worst first. */
export function Differences({ comparison, groups }: Props): ReactElement {
  const { summary } = comparison;
  const hosts = summary.hosts_added + summary.hosts_gone;
  const tasks = summary.tasks_added + summary.tasks_gone + summary.tasks_moved + summary.tasks_renamed;
  const tasksShown =
    comparison.tasks_added.length +
    comparison.tasks_gone.length +
    comparison.tasks_moved.length +
    comparison.tasks_renamed.length;
  const changes = (id: SectionId, title: string, found: readonly TaskGroup[], isOpen: boolean) =>
    found.length > 0 && (
      <Section id={id} title={title}>
        {found.map((group) => (
          <TaskChanges
            key={group.task.task}
            group={group}
            before={comparison.before.id}
            now={comparison.now.id}
            isOpen={isOpen}
          />
        ))}
      </Section>
    );
  return (
    <>
      {changes("failures", "Failed now, and not before", groups.broken, true)}
      {changes("still-failing", "Failed in both runs", groups.same, false)}
      {changes("fixed", "Failed before, and not now", groups.fixed, false)}
      {changes("outcomes", "Ended differently", groups.other, false)}
      {comparison.outcomes.length < summary.tasks_different && (
        <Section
          id="outcomes"
          title="More tasks that ended differently"
          shown={comparison.outcomes.length}
          total={summary.tasks_different}
        >
          {null}
        </Section>
      )}
      {summary.parameters > 0 && (
        <Section
          id="parameters"
          title="Parameters, versions and checkout"
          shown={comparison.parameters.length}
          total={summary.parameters}
        >
          <Parameters parameters={comparison.parameters} />
        </Section>
      )}
      {hosts > 0 && (
        <Section
          id="hosts"
          title="Hosts"
          shown={comparison.hosts_added.length + comparison.hosts_gone.length}
          total={hosts}
        >
          <Hosts comparison={comparison} />
        </Section>
      )}
      {tasks > 0 && (
        <Section
          id="tasks"
          title="Tasks"
          shown={tasksShown}
          total={tasks}
          about="A handler is only there if something notified it."
        >
          <TaskLists comparison={comparison} />
        </Section>
      )}
      {summary.durations > 0 && (
        <Section
          id="durations"
          title="Durations"
          shown={comparison.durations.length}
          total={summary.durations}
          about="The median of the hosts on which a task ended the same way; differences under 1 s or under half of the shorter time are left out."
        >
          <Durations durations={comparison.durations} />
        </Section>
      )}
      {summary.output_lines > 0 && (
        <Section
          id="output"
          title="Printed output"
          shown={comparison.output.length}
          total={summary.output_lines}
          about="Lines in any order; times, addresses, process numbers and names of temporary files are not compared."
        >
          <Output comparison={comparison} />
        </Section>
      )}
    </>
  );
}
