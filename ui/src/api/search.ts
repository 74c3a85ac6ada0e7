/** Queries for the lines of all runs. */
import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";

/** Lines of a page. */
const PAGE = 50;

/** What the lines found are counted by. */
const FACETS = "playbook,host,task,module,status,day";

export interface LineQuery {
  q: string;
  /** Where a page before ended. */
  cursor?: string | undefined;
  /** Lines before and after each line. */
  context: number;
}

/** A page of lines. What was printed does not change, but new runs come: after a while, it is read again. */
export function linesQuery({ q, cursor, context }: LineQuery) {
  return queryOptions({
    queryKey: ["search", "lines", q, context, cursor ?? ""],
    queryFn: ({ signal }) => {
      const query = { q, context, limit: PAGE, ...(cursor !== undefined && { cursor }) };
      return read(api.GET("/api/v1/ansible/search", { params: { query }, signal }));
    },
    enabled: q !== "",
  });
}

/** Counts of all lines that are found. They take longer than a page of lines, so they are asked for by themselves. */
export function facetsQuery(q: string) {
  return queryOptions({
    queryKey: ["search", "facets", q],
    queryFn: ({ signal }) => {
      const query = { q, limit: 1, facets: FACETS };
      return read(api.GET("/api/v1/ansible/search", { params: { query }, signal }));
    },
    enabled: q !== "",
  });
}
