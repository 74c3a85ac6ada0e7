/** The data of a host's page. Below `["executions"]`, so that it is read again when runs start and end. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, read } from "../../api/client";
import type { HostChange, HostChangeList, QueryOf } from "../../api/types";

const key = (name: string, ...more: unknown[]) => ["executions", "host", name, ...more];

export function hostQuery(name: string) {
  return queryOptions({
    queryKey: key(name),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/hosts/{name}", { params: { path: { name } }, signal })),
  });
}

export function hostRunsQuery(name: string, query: QueryOf<"list_host_runs">) {
  return queryOptions({
    queryKey: key(name, "runs", query),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/hosts/{name}/runs", { params: { path: { name }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

type ChangesQuery = QueryOf<"list_host_changes">;

function readChanges(name: string, query: ChangesQuery, signal: AbortSignal): Promise<HostChangeList> {
  const params = { path: { name }, query };
  return read(api.GET("/api/v1/ansible/hosts/{name}/changes", { params, signal }));
}

export function hostChangesQuery(name: string, query: ChangesQuery) {
  return queryOptions({
    queryKey: key(name, "changes", query),
    queryFn: ({ signal }) => readChanges(name, query, signal),
    placeholderData: keepPreviousData,
  });
}

/** Maximum number of changes that are counted at once. */
const COUNTED = 1_000;
/** Maximum number of pages that are read for them: the collector reads 200 runs for each. */
const PAGES = 10;

export interface CountedChanges {
  /** Newest first. */
  readonly changes: readonly HostChange[];
  /** Where older ones begin, if there may be any. */
  readonly next: string | undefined;
}

/** A large page of changes, to be counted. The previous page is not shown while another one is read. */
export function countedChangesQuery(name: string, query: ChangesQuery) {
  return queryOptions({
    queryKey: key(name, "changes", "counted", query),
    queryFn: async ({ signal }): Promise<CountedChanges> => {
      const changes: HostChange[] = [];
      let next: string | undefined;
      for (let page = 0; page < PAGES && changes.length < COUNTED; page += 1) {
        const rest = { limit: COUNTED - changes.length, ...(next !== undefined && { cursor: next }) };
        const found: HostChangeList = await readChanges(name, { ...query, ...rest }, signal);
        changes.push(...found.changes);
        next = found.next_cursor ?? undefined;
        if (next === undefined) {
          break;
        }
      }
      return { changes, next };
    },
  });
}

export function hostGroupsQuery(name: string) {
  const query = { limit: 200 };
  return queryOptions({
    queryKey: key(name, "groups"),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/hosts/{name}/groups", { params: { path: { name }, query }, signal })),
  });
}

export function factsQuery(name: string, at: string | undefined) {
  const query = at === undefined ? {} : { at };
  return queryOptions({
    queryKey: key(name, "facts", query),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/hosts/{name}/facts", { params: { path: { name }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function factsChangesQuery(name: string, since: string | undefined) {
  const query = { limit: 100, ...(since !== undefined && { since }) };
  return queryOptions({
    queryKey: key(name, "facts", "changes", query),
    queryFn: ({ signal }) =>
      read(
        api.GET("/api/v1/ansible/hosts/{name}/facts/changes", { params: { path: { name }, query }, signal }),
      ),
    placeholderData: keepPreviousData,
  });
}
