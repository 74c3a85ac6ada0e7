import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { matrixQuery } from "../../../api/run";
import { CODE, codeAt, decodeMatrix } from "../../../matrix/decode";
import { Name } from "../../../parts/Name";
import { neighboursOf } from "./choose";

interface Props {
  id: string;
  task: number;
  host: string;
}

/** Links to the results of the same task on the hosts before and after. */
export function Neighbours({ id, task, host }: Props): ReactElement | null {
  const { data } = useQuery(matrixQuery(id));
  const { before, after } = useMemo(() => {
    const matrix = data && decodeMatrix(data);
    const column = matrix?.tasks.indexOf(task) ?? -1;
    const hasResult = (at: number) => matrix !== undefined && codeAt(matrix, at, column) !== CODE.absent;
    return neighboursOf(matrix?.hosts ?? [], hasResult, host);
  }, [data, task, host]);
  if (before === undefined && after === undefined) {
    return null;
  }
  const link = (name: string, words: string) => (
    <Link to="/runs/$id/results/$task/$host" params={{ id, task: String(task), host: name }} search={{}}>
      {words} <Name>{name}</Name>
    </Link>
  );
  return (
    <nav aria-label="The same task on other hosts" className="pb-result__labels">
      {before !== undefined && link(before, "← Host before:")}
      {after !== undefined && link(after, "→ Host after:")}
    </nav>
  );
}
