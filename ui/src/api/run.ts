/** Queries for the parts of one execution: tasks, outcomes, results. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";
import { keys } from "./queries";
import type { Host, LineSpan, QueryOf, Task, TaskResult } from "./types";

/** Maximum number of entries on a page: the API's limit. */
const PAGE = 1_000;

/** Maximum number of tasks or hosts that are read. */
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

/**
 * The printed lines of tasks, by their numbers. The collector reads the log for them, so they are requested
 * separately.
 */
export function taskLinesQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "tasks", "lines"),
    queryFn: async ({ signal }) => {
      const tasks = await tasksWithLines(id, signal);
      return new Map(tasks.flatMap(({ task, lines }) => (lines ? [[task, lines] as const] : [])));
    },
  });
}

/** All tasks of an execution with their printed lines, as far as these are known. */
export async function tasksWithLines(id: string, signal: AbortSignal): Promise<Task[]> {
  const { entries } = await allPages(async (after) => {
    const params = { path: { id }, query: { after, limit: PAGE, lines: true } };
    const page = await read(api.GET("/api/v1/ansible/executions/{id}/tasks", { params, signal }));
    return { entries: page.tasks, next: page.next };
  });
  return entries;
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

/** The outcome of each task on each host. */
export function matrixQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "matrix"),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/executions/{id}/matrix", { params: { path: { id } }, signal })),
  });
}

/** Which results are requested. */
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

/** The printed lines of a result; null if they are not known. */
export function resultLinesQuery(id: string, seq: number) {
  return queryOptions({
    queryKey: keys.part(id, "result", seq, "lines"),
    // As a list of one entry: it comes without the returned data, which may be large, or removed by retention.
    queryFn: ({ signal }) => linesOf(id, { after: seq - 1, limit: 1 }, signal),
  });
}

/** The printed lines of a task's result on a host; null if they are not known. */
export function cellLinesQuery(id: string, task: number, host: string) {
  return queryOptions({
    queryKey: keys.part(id, "cell", task, host, "lines"),
    queryFn: ({ signal }) => linesOf(id, { task, host }, signal),
  });
}

/** The lines of the last one of these results: those before it were repeated in the debugger. */
async function linesOf(
  id: string,
  query: QueryOf<"list_results">,
  signal: AbortSignal,
): Promise<LineSpan | null> {
  const params = { path: { id }, query: { ...query, lines: true } };
  const page = await read(api.GET("/api/v1/ansible/executions/{id}/results", { params, signal }));
  return page.results.at(-1)?.lines ?? null;
}

/** Maximum number of failed results that are searched for the first one that counts. */
const MOST_HANDLED = 200;

/** The line of the first failure that counts: neither ignored, nor rescued, nor repeated in the debugger. */
export async function firstFailure(id: string, signal: AbortSignal): Promise<number | undefined> {
  const first = async (status: "failed" | "unreachable") => {
    const params = { path: { id }, query: { status, limit: MOST_HANDLED, lines: true } };
    const page = await read(api.GET("/api/v1/ansible/executions/{id}/results", { params, signal }));
    return page.results
      .filter(({ ignored, rescued, retracted }) => !(ignored || rescued || retracted))
      .slice(0, 1);
  };
  const found = await Promise.all([first("failed"), first("unreachable")]);
  const [earliest] = found.flat().sort((one, other) => one.seq - other.seq);
  return earliest?.lines?.from;
}

/** One result with the data that the module returned. */
export function resultQuery(id: string, seq: number) {
  return queryOptions({
    queryKey: keys.part(id, "result", seq),
    queryFn: ({ signal }) =>
      read(
        api.GET("/api/v1/ansible/executions/{id}/results/{seq}", { params: { path: { id, seq } }, signal }),
      ),
  });
}

/** Number of items on the first page of a loop, and on each further page. */
const ITEMS_FIRST = 100;

/** The events of a loop's items, of one task on one host, page by page. */
export function itemsQuery(id: string, task: number, host: string) {
  return infiniteQueryOptions({
    queryKey: keys.part(id, "items", task, host),
    queryFn: ({ pageParam: after, signal }) => {
      const query = { kind: "item", task, host, after, limit: after === 0 ? ITEMS_FIRST : PAGE };
      const params = { path: { id }, query };
      return read(api.GET("/api/v1/ansible/executions/{id}/events", { params, signal }));
    },
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next ?? undefined,
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
