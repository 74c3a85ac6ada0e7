import { count, flag, oneOf, type RawSearch, text } from "../../app/search";

export const STATUSES = ["running", "failed", "success"] as const;
export const TYPES = ["playbook", "adhoc"] as const;
/** Relative times, which stay correct when a link is opened later. `today` begins at midnight of the chosen zone. */
export const SINCE = ["today", "24h", "7d", "30d"] as const;
export const REASONS = [
  "task_failed",
  "unreachable",
  "canceled",
  "timed_out",
  "lost",
  "launch_error",
  "ansible_error",
] as const;

/** The list's filters, by their names in the API, a query, and the position in the list. */
export interface RunsSearch {
  q?: string;
  status?: (typeof STATUSES)[number];
  type?: (typeof TYPES)[number];
  playbook?: string;
  inventory?: string;
  host?: string;
  user?: string;
  controller?: string;
  label?: string;
  reason?: (typeof REASONS)[number];
  changed?: boolean;
  pinned?: boolean;
  since?: (typeof SINCE)[number];
  start_date?: string;
  end_date?: string;
  /** Seconds. */
  min_duration?: number;
  sort?: "started" | "duration";
  order?: "asc" | "desc";
  /** Whether the list has a column with costs. */
  cost?: boolean;
  /** Where an older page begins. */
  cursor?: string;
}

export function search(raw: RawSearch): RunsSearch {
  return {
    ...text(raw, "q"),
    ...oneOf(raw, "status", STATUSES),
    ...oneOf(raw, "type", TYPES),
    ...text(raw, "playbook"),
    ...text(raw, "inventory"),
    ...text(raw, "host"),
    ...text(raw, "user"),
    ...text(raw, "controller"),
    ...text(raw, "label"),
    ...oneOf(raw, "reason", REASONS),
    ...flag(raw, "changed"),
    ...flag(raw, "pinned"),
    ...oneOf(raw, "since", SINCE),
    ...text(raw, "start_date"),
    ...text(raw, "end_date"),
    ...count(raw, "min_duration"),
    ...oneOf(raw, "sort", ["started", "duration"]),
    ...oneOf(raw, "order", ["asc", "desc"]),
    ...flag(raw, "cost"),
    ...text(raw, "cursor"),
  };
}
