import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import type { ReactElement } from "react";
import type { Explanation, HandledFailure } from "../../../api/types";
import { plural } from "../../../parts/format";
import { OutcomeLabel } from "../../../parts/OutcomeLabel";
import { FailureCard } from "./FailureCard";
import { HostNames } from "./HostNames";
import { Message } from "./Message";
import { TaskPlace } from "./TaskPlace";

/** Why the run failed: the verdict, each error once with its hosts, then handled failures and repeated tasks. */
export function Failures({ explanation }: { explanation: Explanation }): ReactElement | null {
  const { id, verdict, printed, failures, groups_left_out, hosts_left_out, later_failures } = explanation;
  const isCalm = explanation.status !== "failed";
  if (isCalm && failures.length + explanation.handled.length + explanation.retried.length === 0) {
    return null;
  }
  return (
    <section className="summary-section" aria-labelledby="summary-why">
      <Title headingLevel="h2" size="lg" id="summary-why">
        {isCalm ? "What went wrong on the way" : "Why it failed"}
      </Title>
      {!isCalm && verdict.length > 0 && <p className="summary-verdict">{verdict.join(" ")}</p>}
      {printed.length > 0 && <Message text={printed.join("\n")} />}
      {failures.map((group) => (
        <FailureCard key={group.seq} id={id} group={group} />
      ))}
      {groups_left_out > 0 && (
        <p className="pb-subtle">
          {plural(groups_left_out, "further error")} on {plural(hosts_left_out, "host")}: see Tasks or Matrix.
        </p>
      )}
      {later_failures > 0 && (
        <p className="pb-subtle">
          {plural(later_failures, "later failure")} of the same hosts {later_failures === 1 ? "is" : "are"}{" "}
          not shown here.
        </p>
      )}
      <Handled explanation={explanation} />
    </section>
  );
}

/** Failures that did not count, folded away. */
function Handled({ explanation }: { explanation: Explanation }): ReactElement | null {
  const { id, handled, retried } = explanation;
  const count = handled.length + retried.length;
  if (count === 0) {
    return null;
  }
  return (
    <ExpandableSection toggleText={`Handled or repeated: ${plural(count, "task")}`}>
      <ul className="summary-handled">
        {handled.map((failure) => (
          <HandledRow key={`${failure.handled} ${failure.task?.task}`} id={id} failure={failure} />
        ))}
        {retried.map(({ task, results }) => (
          <li key={`retried ${task.task}`}>
            <OutcomeLabel outcome="ok" text="ok after more tries" /> <TaskPlace id={id} task={task} /> on{" "}
            {plural(results, "host")}
          </li>
        ))}
      </ul>
    </ExpandableSection>
  );
}

function HandledRow({ id, failure }: { id: string; failure: HandledFailure }): ReactElement {
  const { handled, task, message, hosts, host_count } = failure;
  return (
    <li>
      <OutcomeLabel outcome={handled} /> {task && <TaskPlace id={id} task={task} />} on{" "}
      <HostNames id={id} names={hosts} count={host_count} task={task?.task} />
      {message && <Message text={message} />}
    </li>
  );
}
