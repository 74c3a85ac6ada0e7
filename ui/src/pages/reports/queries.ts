/** The data of the page. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ONLY_CHANGE, ONLY_NEW, read } from "../../api/client";
import type { ReportScheduleItem, ReportSettings } from "../../api/types";
import type { ReportsSearch } from "./search";

/** Reports that were made for schedules; read again after a while, because new ones are not announced. */
export function madeQuery({ schedule, cursor }: ReportsSearch) {
  const query = {
    limit: 50,
    ...(schedule !== undefined && { schedule }),
    ...(cursor !== undefined && { cursor }),
  };
  return queryOptions({
    queryKey: ["reports", query],
    queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/reports", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });
}

export const schedulesQuery = queryOptions({
  queryKey: ["report-schedules"],
  queryFn: async ({ signal }) =>
    (await read(api.GET("/api/v1/ansible/report-schedules", { signal }))).schedules,
  refetchInterval: 30_000,
});

/** The notification targets that accept reports; needs the scope `admin`. */
export const targetsQuery = queryOptions({
  queryKey: ["notifications", "targets", "for reports"],
  queryFn: async ({ signal }) => {
    const { targets } = await read(api.GET("/api/v1/ansible/notifications/targets", { signal }));
    return targets.filter(({ settings }) => settings.kind !== "pagerduty").map(({ name }) => name);
  },
});

/** A schedule's settings, as they are sent. */
export function settingsOf(schedule: ReportScheduleItem): ReportSettings {
  const { cron, zone, period, query, formats, destinations, paused } = schedule;
  return { cron, zone, period, formats, destinations, paused, ...(query && { query }) };
}

/** Saves a schedule; a new one does not replace an existing one, and a change does not bring back a deleted one. */
export async function save(
  name: string,
  body: ReportSettings,
  note: string | undefined,
  isNew = false,
): Promise<void> {
  const params = {
    path: { name },
    ...(note !== undefined && { query: { note } }),
    ...(isNew ? ONLY_NEW : ONLY_CHANGE),
  };
  await read(api.PUT("/api/v1/ansible/report-schedules/{name}", { params, body }));
}
