import { count, oneOf, type RawSearch, text } from "../../../app/search";

/** Outcomes that tasks can be filtered by. */
export const SHOWN = ["failed", "changed", "unreachable", "skipped", "odd", "slow"] as const;

/** The Tasks page's part of the address. */
export interface TasksSearch {
  /** Only tasks with such results. */
  show?: (typeof SHOWN)[number];
  /** Part of the name, the role or the module. */
  name?: string;
  /** The task whose results are open, by number. */
  task?: number;
  /** Which of its results are listed. */
  results?: "failed" | "unreachable" | "changed" | "ok" | "skipped";
}

export function search(raw: RawSearch): TasksSearch {
  return {
    ...oneOf(raw, "show", SHOWN),
    ...text(raw, "name"),
    ...count(raw, "task"),
    ...oneOf(raw, "results", ["failed", "unreachable", "changed", "ok", "skipped"] as const),
  };
}
