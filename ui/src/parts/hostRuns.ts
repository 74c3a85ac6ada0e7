/** The status of one host in a run, in words. */
import type { HostRun, HostStats } from "../api/types";

const COUNTS = ["failed", "unreachable", "changed", "ok", "rescued", "ignored", "skipped"] as const;

/** The recap of one host: "2 changed, 7 ok". Ansible counts a changed task as ok, too. */
export function recapWords(stats: HostStats): string {
  const parts = COUNTS.filter((name) => (stats[name] ?? 0) > 0).map((name) => `${stats[name]} ${name}`);
  return parts.length === 0 ? "no tasks" : parts.join(", ");
}

/** How long the run took, in seconds; nothing while it is running. */
export function secondsOf({ start_time, end_time }: HostRun): number | undefined {
  return end_time ? (Date.parse(end_time) - Date.parse(start_time)) / 1000 : undefined;
}
