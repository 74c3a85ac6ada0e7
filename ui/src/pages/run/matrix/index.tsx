import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { useMemo } from "react";
import { executionQuery } from "../../../api/queries";
import { cellLinesQuery, matrixQuery, tasksQuery } from "../../../api/run";
import { decodeMatrix, OUTCOMES } from "../../../matrix/decode";
import { type Chosen, Matrix } from "../../../matrix/Matrix";
import type { MatrixTask } from "../../../matrix/model";
import { HostLink } from "../../../parts/HostLink";
import { Name } from "../../../parts/Name";
import { OutcomeLabel } from "../../../parts/OutcomeLabel";
import { useDocumentTitle } from "../../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../../parts/states";
import { useSettled } from "../../../parts/useSettled";
import { LinesLink } from "../../../result/ConsoleLink";
import { useAddress } from "./useAddress";

const route = getRouteApi("/shell/runs/$id/matrix");

/** How often the outcomes of a running execution are read again if changes are not announced, in milliseconds. */
const POLL = 5_000;

/** How long the cursor must rest on a cell before its lines are looked up, in milliseconds. */
const SETTLED = 300;

export function MatrixPage(): ReactElement {
  const { id } = route.useParams();
  useDocumentTitle("Matrix");
  const { data: run } = useQuery(executionQuery(id));
  const refetchInterval = run?.status === "running" ? POLL : false;
  const outcomes = useQuery({ ...matrixQuery(id), refetchInterval });
  const tasks = useQuery({ ...tasksQuery(id), refetchInterval });
  const matrix = useMemo(() => outcomes.data && decodeMatrix(outcomes.data), [outcomes.data]);
  const byNumber = useMemo(() => {
    const entries = (tasks.data?.entries ?? []).map((task): [number, MatrixTask] => [
      task.task,
      { number: task.task, name: task.role ? `${task.role} : ${task.name}` : task.name, play: task.play },
    ]);
    return new Map(entries);
  }, [tasks.data]);
  const address = useAddress(id, matrix);
  const error = outcomes.error ?? tasks.error;
  if (!matrix || tasks.isPending) {
    return error ? <Failed error={error} what="the matrix" /> : <Loading what="the matrix" />;
  }
  if (matrix.hosts.length === 0 || matrix.tasks.length === 0) {
    return (
      <Empty title="Nothing has run yet">
        The matrix shows how each task ended on each host. It fills as soon as the first task ends.
      </Empty>
    );
  }
  return (
    <>
      <h2 className="pf-v6-screen-reader">Matrix</h2>
      <Matrix
        matrix={matrix}
        tasks={byNumber}
        {...address}
        renderLink={({ host, task }, text) => (
          <Link to="/runs/$id/results/$task/$host" params={{ id, task: String(task), host }}>
            <Name>{text}</Name>
          </Link>
        )}
        renderDetails={(chosen) => <Details id={id} chosen={chosen} />}
      />
    </>
  );
}

export { MatrixPage as component };

/** The chosen cell in words, with links. */
function Details({ id, chosen }: { id: string; chosen: Chosen }): ReactElement {
  const { host, task } = chosen.place;
  const outcome = OUTCOMES[chosen.code] ?? "absent";
  const isSettled = useSettled(`${task} ${host}`, SETTLED) !== undefined;
  const { data: lines } = useQuery({
    ...cellLinesQuery(id, task, host),
    enabled: isSettled && outcome !== "absent",
  });
  return (
    <>
      <OutcomeLabel outcome={outcome === "absent" ? "none" : outcome} />
      <span>
        <Name>{chosen.task}</Name> on <HostLink name={host} />
        {chosen.count > 1 && `, and alike on ${(chosen.count - 1).toLocaleString("en")} more`}
      </span>
      {outcome !== "absent" && (
        <>
          <Link to="/runs/$id/results/$task/$host" params={{ id, task: String(task), host }}>
            Open the result
          </Link>
          <LinesLink id={id} lines={lines} />
        </>
      )}
    </>
  );
}
