/** Schedules of runs. */
import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, done, read } from "./client";
import type { ScheduleRequest } from "./types";

const KEY = ["schedules"] as const;

/** A schedule's time is not announced, so schedules are read again. */
const AGAIN_MS = 5_000;

export const schedulesQuery = queryOptions({
  queryKey: [...KEY, "list"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/schedules", { signal }))).schedules,
  staleTime: 0,
  refetchInterval: AGAIN_MS,
});

export function scheduleQuery(name: string) {
  return queryOptions({
    queryKey: [...KEY, "one", name],
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/schedules/{name}", { params: { path: { name } }, signal })),
    staleTime: 0,
    refetchInterval: AGAIN_MS,
  });
}

/** The next ten times of a cron line; an error names `cron` or `zone` if one of them is invalid. */
export function timesQuery(cron: string, zone: string) {
  return queryOptions({
    queryKey: ["schedule-times", cron, zone],
    queryFn: async ({ signal }) => {
      const params = { query: { cron, zone } };
      return (await read(api.GET("/api/v1/ansible/schedule-times", { params, signal }))).next;
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export async function renewSchedules(cache: QueryClient): Promise<void> {
  await cache.invalidateQueries({ queryKey: KEY });
}

export async function createSchedule(name: string, request: ScheduleRequest): Promise<void> {
  await done(api.POST("/api/v1/ansible/schedules", { body: { name, ...request } }));
}

export async function changeSchedule(name: string, body: ScheduleRequest): Promise<void> {
  await done(api.PUT("/api/v1/ansible/schedules/{name}", { params: { path: { name } }, body }));
}

export async function pauseSchedule(name: string, note?: string): Promise<void> {
  const body = note === undefined ? {} : { note };
  await done(api.POST("/api/v1/ansible/schedules/{name}/pause", { params: { path: { name } }, body }));
}

export async function resumeSchedule(name: string, note?: string): Promise<void> {
  const body = note === undefined ? {} : { note };
  await done(api.POST("/api/v1/ansible/schedules/{name}/resume", { params: { path: { name } }, body }));
}

/** Runs a schedule now; the id of the run. */
export async function runSchedule(name: string, note?: string): Promise<string> {
  const body = note === undefined ? {} : { note };
  const params = { path: { name } };
  return (await read(api.POST("/api/v1/ansible/schedules/{name}/run", { params, body }))).id;
}

export async function deleteSchedule(name: string, note?: string): Promise<void> {
  const params = { path: { name }, query: note === undefined ? {} : { note } };
  await done(api.DELETE("/api/v1/ansible/schedules/{name}", { params }));
}
