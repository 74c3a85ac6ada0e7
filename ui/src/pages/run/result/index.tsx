import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Fragment, type ReactElement, type ReactNode } from "react";
import { executionQuery } from "../../../api/queries";
import { resultsQuery, tasksQuery } from "../../../api/run";
import type { Execution, Task, TaskResult } from "../../../api/types";
import { Duration } from "../../../parts/Duration";
import { HostLink } from "../../../parts/HostLink";
import { Name } from "../../../parts/Name";
import { useDocumentTitle } from "../../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../../parts/states";
import { Time } from "../../../parts/Time";
import { ConsoleLink } from "../../../result/ConsoleLink";
import { ResultView } from "../../../result/ResultView";
import { chooseResult } from "./choose";
import { Earlier } from "./Earlier";
import { Neighbours } from "./Neighbours";
import { Several } from "./Several";

const route = getRouteApi("/shell/runs/$id/results/$task/$host");

/** Maximum number of results of one task on one host: more than one only if a task was repeated in the debugger. */
const MOST = 50;

export function ResultPage(): ReactElement {
  const { id, task: taskText, host } = route.useParams();
  const { seq } = route.useSearch();
  const number = Number(taskText);
  const { data: run } = useQuery(executionQuery(id));
  const results = useQuery({
    ...resultsQuery(id, { task: number, host }, MOST),
    enabled: Number.isSafeInteger(number),
    refetchInterval: run?.status === "running" ? 5_000 : false,
  });
  const { data: tasks } = useQuery(tasksQuery(id));
  const task = tasks?.entries.find((one) => one.task === number);
  const result = chooseResult(results.data?.entries ?? [], seq);
  const name = task?.name ?? result?.task_name ?? `Task ${taskText}`;
  useDocumentTitle(`${name} on ${host}`);
  if (!Number.isSafeInteger(number)) {
    return <Empty title="There is no such task">The address names no task.</Empty>;
  }
  return (
    <article>
      <div className="pb-result__head">
        <h2 className="pf-v6-c-title pf-m-xl">
          <Name>{name}</Name> on <Name>{host}</Name>
        </h2>
        <Neighbours id={id} task={number} host={host} />
      </div>
      {result ? (
        <>
          <SeeAlso id={id} result={result} />
          <Several results={results.data?.entries ?? []} chosen={result} />
          <ResultView key={result.seq} id={id} result={result} />
          <Facts result={result} task={task} />
          {run && <Earlier run={run} result={result} />}
        </>
      ) : (
        <NoResult isPending={results.isPending} error={results.error} run={run} />
      )}
    </article>
  );
}

export { ResultPage as component };

interface NoResultProps {
  isPending: boolean;
  error: unknown;
  run: Execution | undefined;
}

function NoResult({ isPending, error, run }: NoResultProps): ReactElement {
  if (error) {
    return <Failed error={error} what="the result" />;
  }
  if (isPending) {
    return <Loading what="the result" />;
  }
  return (
    <Empty title="The task has no result on this host">
      {run?.status === "running"
        ? "It may still arrive: the run is not finished."
        : "The host was not given this task."}
    </Empty>
  );
}

/** Links to related pages. */
function SeeAlso({ id, result: { seq, task, host } }: { id: string; result: TaskResult }): ReactElement {
  return (
    <p className="pb-result__see">
      <ConsoleLink id={id} seq={seq} />
      <Link to="/runs/$id/tasks" params={{ id }} search={{ task }}>
        All hosts of this task
      </Link>
      <Link to="/runs/$id/matrix" params={{ id }} search={{ task, host }}>
        Show in the matrix
      </Link>
      <HostLink name={host}>
        All runs of <Name>{host}</Name>
      </HostLink>
    </p>
  );
}

/** The file and line of the task, and when it ran. */
function Facts({ result, task }: { result: TaskResult; task: Task | undefined }): ReactElement {
  const facts: [string, ReactNode][] = [["Module", <Name key="module">{result.action}</Name>]];
  if (task?.role) {
    facts.push(["Role", <Name key="role">{task.role}</Name>]);
  }
  if (task?.path) {
    facts.push(["File", <Name key="file">{`${task.path}${task.line ? `:${task.line}` : ""}`}</Name>]);
  }
  facts.push([
    "Ended",
    <span key="ended">
      <Time at={result.end_time} />, after <Duration seconds={result.duration} />
    </span>,
  ]);
  facts.push(["Arguments", "Not recorded: they may contain secrets."]);
  return (
    <section className="pb-result__section">
      <h3>About this result</h3>
      <dl className="pb-result__fields">
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}
