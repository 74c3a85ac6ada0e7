/** The periods of reports. */
import type { Zone } from "../app/preferences";

export const PERIODS = ["day", "week", "month"] as const;
export type Period = (typeof PERIODS)[number];

export const PERIOD_WORDS: Record<Period, string> = {
  day: "The last day",
  week: "The last seven days",
  month: "The last month",
};

/** The zone's name in the IANA database: the browser's own, or UTC. */
export function zoneName(zone: Zone): string {
  return zone === "utc" ? "UTC" : (Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC");
}
