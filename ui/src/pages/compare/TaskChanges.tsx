import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactElement, useState } from "react";
import { integer, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { type TaskGroup, type Transition, taskName } from "./groups";
import { OutcomeChange } from "./OutcomeChange";
import { ResultChange } from "./ResultChange";
import { TaskPlace } from "./TaskPlace";

interface Props {
  group: TaskGroup;
  before: string;
  now: string;
  /** Whether the returned data is shown at once. */
  isOpen: boolean;
}

/** A task with the hosts on which it ended differently, and some of the data that its results returned. */
export function TaskChanges({ group, before, now, isOpen: isOpenFirst }: Props): ReactElement {
  const { task, transitions, results } = group;
  const [isOpen, setOpen] = useState(isOpenFirst);
  return (
    <article className="compare-task">
      <header className="compare-task-head">
        <h3 className="compare-task-name">
          <Name>{taskName(task)}</Name>
        </h3>
        <TaskPlace task={task} />
      </header>
      {transitions.map((transition) => (
        <Hosts
          key={`${transition.before} ${transition.now}`}
          transition={transition}
          run={transition.now === "absent" ? undefined : now}
          task={task.task}
        />
      ))}
      {results.length > 0 && (
        <ExpandableSection
          toggleText={isOpen ? "Hide what they returned" : "What they returned"}
          isExpanded={isOpen}
          onToggle={(_, next) => setOpen(next)}
        >
          {/* Closed content is not drawn: it may be long, and its links cause requests. */}
          {isOpen &&
            results.map((result) => (
              <ResultChange
                key={`${result.host} ${result.before} ${result.now}`}
                result={result}
                before={before}
                now={now}
              />
            ))}
        </ExpandableSection>
      )}
    </article>
  );
}

/** Hosts with the same change; each leads to its result. */
function Hosts({
  transition,
  run,
  task,
}: {
  transition: Transition;
  run: string | undefined;
  task: number;
}): ReactElement {
  const { before, now, hosts, host_count: count } = transition;
  return (
    <p className="compare-row">
      <OutcomeChange before={before} now={now} />
      <span>{plural(count, "host")}:</span>
      <span className="compare-hosts">
        {hosts.map((host, index) => (
          <Fragment key={host}>
            {index > 0 && ", "}
            {run === undefined ? (
              <Name>{host}</Name>
            ) : (
              <Link to="/runs/$id/results/$task/$host" params={{ id: run, task: String(task), host }}>
                <Name>{host}</Name>
              </Link>
            )}
          </Fragment>
        ))}
        {count > hosts.length && ` and ${integer(count - hosts.length)} more`}
      </span>
    </p>
  );
}
