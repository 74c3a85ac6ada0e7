/** Schedules in words. */
import type { MissedTimes, Overlap, Schedule, ScheduledRun, ScheduleOutcome } from "../../api/types";
import type { Scopes } from "../../app/session";

/** The outcome of a time, or why the next one would start no run. */
export const OUTCOME_WORDS: { readonly [outcome in ScheduleOutcome]: string } = {
  started: "Started",
  started_by_hand: "Run by hand",
  paused: "Paused",
  launcher_off: "Launches nothing",
  still_running: "Last run not over",
  already_waiting: "One was waiting",
  missed: "Missed",
  token_revoked: "Token revoked",
  token_expired: "Token expired",
  token_not_allowed: "Token may not launch",
  not_found: "Not found",
  no_secret: "Secret missing",
  queue_full: "Queue full",
  refused: "Refused",
};

export const OVERLAP_WORDS: readonly (readonly [Overlap, name: string, about: string])[] = [
  ["skip", "Skip this time", "Nothing is started; the schedule's page says so."],
  ["queue", "Wait for it", "The run starts when the last one is over. At most one waits."],
  ["cancel", "Cancel the last run", "The new one starts when that one has ended."],
];

/** What a run by hand does if the last run is not finished. */
export const BY_HAND_WORDS: { readonly [overlap in Overlap]: string } = {
  skip: "Its last run is not over: this is refused until it is.",
  queue: "Its last run is not over: the new one starts when it is.",
  cancel: "Its last run is not over: it is canceled, and the new one starts when it has ended.",
};

export const MISSED_WORDS: readonly (readonly [MissedTimes, name: string, about: string])[] = [
  ["skip", "Skip them", "The next run starts as planned."],
  ["run_once", "Catch up with one run", "However many times were missed."],
];

/** "site.yml", or "ping on web". */
export function runTitle({ playbook, module, hosts }: ScheduledRun): string {
  return playbook ?? `${module ?? "command"} on ${hosts ?? ""}`;
}

/**
 * Whether the token may change the schedule: with `run` its own, with `admin` all. The collector has the final
 * decision.
 */
export function mayChange({ owner }: Pick<Schedule, "owner">, { identity, can }: Scopes): boolean {
  return can("admin") || (can("run") && identity?.actor === owner);
}

/** A time in its zone: "Mon 2026-01-19 03:30 +01:00" for "2026-01-19T03:30:00+01:00"; with seconds if there are any. */
export function inZone(time: string, hasSeconds = !isWholeMinute(time)): string {
  const [, date = "", clock = "", seconds = "", offset = ""] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):(\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/.exec(time) ?? [];
  if (date === "") {
    return time;
  }
  const weekday = new Date(`${date}T00:00:00Z`).toLocaleDateString("en", {
    weekday: "short",
    timeZone: "UTC",
  });
  return `${weekday} ${date} ${clock}${hasSeconds ? `:${seconds}` : ""} ${offset === "Z" ? "UTC" : offset}`;
}

/** Whether a time has no seconds, as those of most cron lines. */
export function isWholeMinute(time: string): boolean {
  return /T\d{2}:\d{2}:00(\.0+)?[Z+-]/.test(time);
}
