/** Queries for the lines of all runs. */
import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";

/** Lines of a page. */
const PAGE = 50;

/** The facets by which the lines found are counted. */
const FACETS = "playbook,host,task,module,status,day";

export interface LineQuery {
  q: string;
  /** Where the previous page ended. */
  cursor?: string | undefined;
  /** Lines before and after each line. */
  context: number;
}

/** A page of lines. Printed lines do not change, but new runs arrive: after a while, the page is read again. */
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

/** Counts of all lines found. They take longer than a page of lines, so they are requested separately. */
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
