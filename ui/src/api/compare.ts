/** Queries for the differences between two executions. */
import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";
import { keys } from "./queries";

/** Which earlier execution to compare with. */
export type Earlier = "last_good" | "previous";

/** Number of entries of each list at first; the API's limit is 1,000. */
export const FEW = 200;
export const MOST = 1_000;

/** The execution and the last earlier one of its kind. */
export function earlierQuery(id: string, earlier: Earlier, limit: number) {
  return queryOptions({
    queryKey: keys.part(id, "compare", earlier, limit),
    queryFn: ({ signal }) => {
      const params = { path: { id }, query: { with: earlier, limit } };
      return read(api.GET("/api/v1/ansible/executions/{id}/compare", { params, signal }));
    },
  });
}

/** Two executions. The key is that of the second: it is the one that may still be running. */
export function pairQuery(before: string, now: string, limit: number) {
  return queryOptions({
    queryKey: keys.part(now, "compare", before, limit),
    queryFn: ({ signal }) => {
      const params = { path: { id: before, other: now }, query: { limit } };
      return read(api.GET("/api/v1/ansible/executions/{id}/compare/{other}", { params, signal }));
    },
  });
}

/** The number of the task of a result: comparisons name results of the first execution only by their event. */
export function taskOfResultQuery(id: string, seq: number) {
  return queryOptions({
    queryKey: keys.part(id, "task of result", seq),
    queryFn: async ({ signal }) => {
      const params = { path: { id, seq } };
      const result = await read(api.GET("/api/v1/ansible/executions/{id}/results/{seq}", { params, signal }));
      return result.task;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
