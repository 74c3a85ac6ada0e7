/** The data of the page. Below `["executions"]`, so that it is read again when runs end. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, read } from "../../api/client";
import type { ExecutionFields } from "../../api/types";
import type { CostBy, TrendsSearch } from "./search";

/** The filters in the form of the API; the period is a part of the query. */
export function filtersOf({ playbook, host, q, since }: TrendsSearch) {
  const query = [q && since ? `(${q})` : q, since && `since:${since}`].filter(Boolean).join(" ");
  return {
    ...(playbook !== undefined && { playbook }),
    ...(host !== undefined && { host }),
    ...(query !== "" && { q: query }),
  };
}

export type Filters = ReturnType<typeof filtersOf>;

export function trendsQuery(filters: Filters, runs: number) {
  return queryOptions({
    queryKey: ["executions", "trends", filters, runs],
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/trends", { params: { query: { ...filters, runs } }, signal })),
    placeholderData: keepPreviousData,
  });
}

const FIELDS = "id,type,playbook,module,cwd,check,status,reason,start_time,duration";

/** The runs behind the trends, for the charts: newest first. */
export function runsBehindQuery(filters: Filters, limit: number) {
  const query = { ...filters, limit, fields: FIELDS };
  return queryOptions({
    queryKey: ["executions", "trends", "runs", query],
    queryFn: async ({ signal }): Promise<ExecutionFields[]> =>
      (await read(api.GET("/api/v1/ansible/executions", { params: { query }, signal }))).executions,
    placeholderData: keepPreviousData,
  });
}

/** Sums of costs. Without a period, those of the last 30 days: statistics need a beginning. */
export function statisticsQuery(filters: Filters, by: CostBy) {
  const isOpen = filters.q === undefined || !filters.q.includes("since:");
  const query = {
    ...filters,
    ...(isOpen && { period: "month" as const }),
    ...(by !== "period" && { by, limit: 50 }),
  };
  return queryOptions({
    queryKey: ["executions", "trends", "statistics", query],
    queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/executions/stats", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** Hosts on which no run has started for this long; the first few. */
export function unseenQuery(unseen: string) {
  const query = { unseen, limit: 10 };
  return queryOptions({
    queryKey: ["executions", "trends", "unseen", query],
    queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/hosts", { params: { query }, signal })),
  });
}

/** The running executions, the oldest first: those that never end are among them. */
export function goingQuery(filters: Omit<Filters, "q">) {
  const query = { ...filters, status: "running", order: "asc", limit: 10, fields: GOING } as const;
  return queryOptions({
    queryKey: ["executions", "trends", "going", query],
    queryFn: async ({ signal }): Promise<ExecutionFields[]> =>
      (await read(api.GET("/api/v1/ansible/executions", { params: { query }, signal }))).executions,
  });
}

const GOING = "id,type,playbook,module,hosts,status,phase,start_time,user";
