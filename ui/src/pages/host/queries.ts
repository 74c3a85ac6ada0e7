/** What the page of a host reads. Below `["executions"]`, so that it is read again when runs start and end. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, read } from "../../api/client";
import type { QueryOf } from "../../api/types";

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

export function hostChangesQuery(name: string, query: QueryOf<"list_host_changes">) {
  return queryOptions({
    queryKey: key(name, "changes", query),
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/hosts/{name}/changes", { params: { path: { name }, query }, signal })),
    placeholderData: keepPreviousData,
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
