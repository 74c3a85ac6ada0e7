/** Queries for the parts of one execution: tasks, outcomes, results. */
import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";
import { ApiError } from "./error";
import { keys } from "./queries";
import type { Host, QueryOf, Task, TaskResult } from "./types";

/** Entries of a page, at most: the API allows no more. */
const PAGE = 1_000;

/** Tasks or hosts that are read, at most. */
const MOST = 20_000;

/** Entries that were read page by page. */
export interface Entries<Entry> {
  entries: Entry[];
  /** Whether there are more than were read. */
  hasMore: boolean;
}

/** All tasks of an execution, in order. */
export function tasksQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "tasks"),
    queryFn: ({ signal }): Promise<Entries<Task>> =>
      allPages(async (after) => {
        const params = { path: { id }, query: { after, limit: PAGE } };
        const page = await read(api.GET("/api/v1/ansible/executions/{id}/tasks", { params, signal }));
        return { entries: page.tasks, next: page.next };
      }),
  });
}

/** All hosts of an execution with their recaps. */
export function hostsQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "hosts"),
    queryFn: ({ signal }): Promise<Entries<Host>> =>
      allPages(async (after) => {
        const params = { path: { id }, query: { after, limit: PAGE } };
        const page = await read(api.GET("/api/v1/ansible/executions/{id}/hosts", { params, signal }));
        return { entries: page.hosts, next: page.next };
      }),
  });
}

/** How each task ended on each host. */
export function matrixQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "matrix"),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/executions/{id}/matrix", { params: { path: { id } }, signal })),
  });
}

/** Which results are asked for. */
export type ResultFilter = Omit<QueryOf<"list_results">, "after" | "limit">;

/** Results, the first `limit` of them. */
export function resultsQuery(id: string, filter: ResultFilter, limit: number) {
  return queryOptions({
    queryKey: keys.part(id, "results", filter, limit),
    queryFn: ({ signal }): Promise<Entries<TaskResult>> =>
      allPages(async (after) => {
        const query = { ...filter, after, limit: Math.min(limit, PAGE) };
        const page = await read(
          api.GET("/api/v1/ansible/executions/{id}/results", { params: { path: { id }, query }, signal }),
        );
        return { entries: page.results, next: page.next };
      }, limit),
  });
}

/** One result with what the module returned. */
export function resultQuery(id: string, seq: number) {
  return queryOptions({
    queryKey: keys.part(id, "result", seq),
    queryFn: ({ signal }) =>
      read(
        api.GET("/api/v1/ansible/executions/{id}/results/{seq}", { params: { path: { id, seq } }, signal }),
      ),
  });
}

/** The events of a loop's items: of one task on one host, the first `limit`. */
export function itemsQuery(id: string, task: number, host: string, limit: number) {
  return queryOptions({
    queryKey: keys.part(id, "items", task, host, limit),
    queryFn: ({ signal }) => {
      const params = { path: { id }, query: { kind: "item", task, host, limit } };
      return read(api.GET("/api/v1/ansible/executions/{id}/events", { params, signal }));
    },
  });
}

/** The last runs of a host. */
export function hostRunsQuery(name: string, limit: number) {
  return queryOptions({
    queryKey: ["host", name, "runs", limit] as const,
    queryFn: ({ signal }) => {
      const params = { path: { name }, query: { limit } };
      return read(api.GET("/api/v1/ansible/hosts/{name}/runs", { params, signal }));
    },
  });
}

async function allPages<Entry>(
  page: (after: number) => Promise<{ entries: Entry[]; next?: number | null | undefined }>,
  most = MOST,
): Promise<Entries<Entry>> {
  const entries: Entry[] = [];
  let after = 0;
  for (;;) {
    const { entries: more, next } = await page(after);
    entries.push(...more);
    if (next === null || next === undefined || entries.length >= most) {
      return { entries, hasMore: next !== null && next !== undefined };
    }
    after = next;
  }
}

/**
 * The first printed line of an event: of a result, what Ansible printed for it. Lines follow the order of events, so it
 * is found by halving; the API has no search by event.
 */
export async function firstLineOf(id: string, seq: number): Promise<number | undefined> {
  const lineAt = async (from: number) => {
    const params = { path: { id }, query: { from, limit: 20 } };
    const page = await read(api.GET("/api/v1/ansible/executions/{id}/output", { params }));
    if (typeof page === "string") {
      throw new ApiError(200, "text", "the collector answered with text");
    }
    return page;
  };
  let low = 0;
  let high = (await lineAt(0)).total;
  const total = high;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { lines } = await lineAt(middle);
    // Some lines belong to no event: a warning on stderr, say.
    const known = lines.find((line) => typeof line.of === "number");
    if (known?.of !== null && known?.of !== undefined && known.of < seq) {
      low = known.line + 1;
    } else {
      high = middle;
    }
  }
  return low < total ? low : undefined;
}
