import { Card, CardBody, CardHeader, CardTitle } from "@patternfly/react-core/dist/esm/components/Card";
import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import type { FailureGroup } from "../../../api/types";
import { ExecutionLink } from "../../../parts/ExecutionLink";
import { plural } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { OutcomeLabel } from "../../../parts/OutcomeLabel";
import { Time } from "../../../parts/Time";
import { ConsoleLink } from "../../../result/ConsoleLink";
import { HostNames } from "./HostNames";
import { LastSuccess } from "./LastSuccess";
import { Message } from "./Message";
import { TaskPlace } from "./TaskPlace";

interface Props {
  /** The run. */
  id: string;
  group: FailureGroup;
}

/** One error: its message, its hosts, its task, how often it occurred before, and when the task last succeeded. */
export function FailureCard({ id, group }: Props): ReactElement {
  const { status, host, host_count, hosts, tasks, censored, rc, attempts, item, seen, last_success } = group;
  // If several tasks failed with it, only the example's own task is certain.
  const task = tasks.length === 1 ? tasks[0]?.task : undefined;
  const outcome = status === "unreachable" ? "unreachable" : "failed";
  return (
    <Card component="article" className="summary-failure" isCompact>
      <CardHeader>
        <CardTitle component="h3">
          <span className="summary-failure-title">
            <OutcomeLabel outcome={outcome} text={`${outcome} on ${plural(host_count, "host")}`} />
            {tasks[0] && <TaskPlace id={id} task={tasks[0]} />}
          </span>
        </CardTitle>
      </CardHeader>
      <CardBody>
        {censored && <Label isCompact>hidden by no_log</Label>}
        {group.message && <Message text={group.message} />}
        {group.stderr && <Printed name="stderr" text={group.stderr} />}
        {group.stdout && <Printed name="stdout" text={group.stdout} />}
        <dl className="summary-facts">
          <Fact name="Hosts">
            <HostNames id={id} names={hosts} count={host_count} task={task} />
          </Fact>
          {tasks.length > 1 && (
            <Fact name="Also in">
              {tasks.slice(1).map((other) => (
                <div key={other.task}>
                  <TaskPlace id={id} task={other} /> on {plural(other.host_count, "host")}
                </div>
              ))}
            </Fact>
          )}
          <Fact name="Details">
            {[
              rc !== null && rc !== undefined && `exit code ${rc}`,
              item && `loop item ${item}`,
              attempts && `${plural(attempts, "attempt")}`,
            ]
              .filter(Boolean)
              .map((words) => (
                <span key={String(words)} className="summary-detail">
                  <Name>{words}</Name>
                </span>
              ))}
            <span className="summary-detail">
              <Link
                to="/runs/$id/results/$task/$host"
                params={{ id, task: String(tasks[0]?.task ?? 0), host }}
              >
                Result on <Name>{host}</Name>
              </Link>
            </span>
            <span className="summary-detail">
              <ConsoleLink id={id} seq={group.seq}>
                Lines in the console
              </ConsoleLink>
            </span>
          </Fact>
          {seen && (
            <Fact name="Seen">
              {seen.runs === 1 ? (
                "for the first time"
              ) : (
                <>
                  in {plural(seen.runs, "run")} since{" "}
                  <ExecutionLink id={seen.first.id}>
                    <Time at={seen.first.start_time} />
                  </ExecutionLink>
                  {seen.previous && seen.previous.id !== seen.first.id && (
                    <>
                      , before this one last on{" "}
                      <ExecutionLink id={seen.previous.id}>
                        <Time at={seen.previous.start_time} />
                      </ExecutionLink>
                    </>
                  )}
                  {seen.last.id !== id && (
                    <>
                      , again on{" "}
                      <ExecutionLink id={seen.last.id}>
                        <Time at={seen.last.start_time} />
                      </ExecutionLink>
                    </>
                  )}
                </>
              )}
            </Fact>
          )}
          {last_success && (
            <Fact name="Last worked">
              <LastSuccess id={id} host={host} success={last_success} />
            </Fact>
          )}
        </dl>
      </CardBody>
    </Card>
  );
}

function Printed({ name, text }: { name: string; text: string }): ReactElement {
  return (
    <div>
      <div className="pb-subtle summary-printed">{name}, last lines</div>
      <Message text={text} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
