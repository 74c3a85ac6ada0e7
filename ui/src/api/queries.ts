/**
 * A query for each kind of data that pages read. Everything about one execution is below `["execution", id]`, all lists of
 * executions are below `["executions", "list"]`, and everything else that changes when executions start and end (hosts,
 * trends, reports) is below `["executions"]`, because the live connection (stream.ts) updates them by these keys.
 */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";
import { ApiError } from "./error";
import { COSTED_FIELDS, LISTED_FIELDS, listed, RECORD_FIELDS, whole } from "./records";
import type { ListedExecution, QueryOf } from "./types";

export const keys = {
  identity: ["identity"] as const,
  /** All lists of executions, and other data about several of them. */
  lists: ["executions"] as const,
  /** Only lists of executions: their data are `Runs`. */
  pages: ["executions", "list"] as const,
  list: (query: ListQuery) => ["executions", "list", query] as const,
  /** The last runs of the playbooks of a list. */
  recent: ["recent"] as const,
  execution: (id: string) => ["execution", id] as const,
  record: (id: string) => ["execution", id, "record"] as const,
  /** A part of an execution; read again when the execution changes. */
  part: (id: string, name: string, ...more: unknown[]) => ["execution", id, "part", name, ...more] as const,
};

export type ListQuery = Omit<QueryOf<"list_executions">, "fields" | "offset"> & {
  /** Whether the runs' costs are requested: not a part of the query itself. */
  costs?: true;
};

/** A page of the list, as the pages use it. */
export interface Runs {
  executions: ListedExecution[];
  /** For the next, older page; null on the last. */
  next: string | null;
  /** How far back a search for the runs came in its time; null if that was enough. */
  searchedBackTo: string | null;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The browser's network state does not matter: the collector may be on this machine, and the banner
        // shows if it does not answer.
        networkMode: "always",
        // The live connection reports changes.
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => error instanceof ApiError && error.status >= 500 && count < 2,
        // Structural sharing copies objects key by key, and would lose a host called `__proto__`.
        structuralSharing: false,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

export const identityQuery = queryOptions({
  queryKey: keys.identity,
  queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/whoami", { signal })),
  staleTime: 5 * 60_000,
  // Without an answer, pages do not know what to offer. A user who is not logged in (401) is sent to the
  // login.
  refetchInterval: ({ state: { error } }) =>
    error !== null && !(error instanceof ApiError && error.status === 401) ? 10_000 : false,
});

export function runsQuery(query: ListQuery) {
  return queryOptions({
    queryKey: keys.list(query),
    queryFn: async ({ signal }): Promise<Runs> => {
      const { costs, ...question } = query;
      const params = { query: { ...question, fields: costs ? COSTED_FIELDS : LISTED_FIELDS } };
      const page = await read(api.GET("/api/v1/ansible/executions", { params, signal }));
      return {
        executions: page.executions.map(listed),
        next: page.next_cursor ?? null,
        searchedBackTo: page.searched_back_to ?? null,
      };
    },
  });
}

export function executionQuery(id: string) {
  return queryOptions({
    queryKey: keys.record(id),
    queryFn: async ({ signal }) => {
      const params = { path: { id }, query: { fields: RECORD_FIELDS } };
      return whole(await read(api.GET("/api/v1/ansible/executions/{id}", { params, signal })));
    },
  });
}

export function explainQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "explain"),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/executions/{id}/explain", { params: { path: { id } }, signal })),
  });
}

/**
 * Whether prices are configured; then runs have a cost. Requested once: prices only change when the collector
 * starts.
 */
export const pricesQuery = queryOptions({
  queryKey: ["prices"],
  queryFn: async ({ signal }) => {
    const params = { query: { period: "hour" as const } };
    return (
      (await read(api.GET("/api/v1/ansible/executions/stats", { params, signal }))).cost?.currency ?? null
    );
  },
  staleTime: Number.POSITIVE_INFINITY,
});

export function estimateQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "estimate"),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/executions/{id}/estimate", { params: { path: { id } }, signal })),
  });
}

export function playsQuery(id: string) {
  return queryOptions({
    queryKey: keys.part(id, "plays"),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/executions/{id}/plays", { params: { path: { id } }, signal })),
  });
}
