import { oneOf, type RawSearch, text } from "../../../app/search";

/** The timeline's part of the address. */
export interface TimelineSearch {
  /** Otherwise in order of time. */
  order?: "time" | "slowest";
  /** Numbers of the tasks whose hosts are shown: "3.5". */
  open?: string;
}

export function search(raw: RawSearch): TimelineSearch {
  return { ...oneOf(raw, "order", ["time", "slowest"] as const), ...text(raw, "open") };
}

/** The numbers of the open tasks. */
export function openTasks({ open = "" }: TimelineSearch): number[] {
  return open
    .split(".")
    .map(Number)
    .filter((task) => Number.isSafeInteger(task) && task > 0)
    .slice(0, MOST_OPEN);
}

/** Each open task requests its results. */
const MOST_OPEN = 20;

/** The address with a task opened or closed. */
export function toggled(search: TimelineSearch, task: number): TimelineSearch {
  const before = openTasks(search);
  const after = before.includes(task)
    ? before.filter((one) => one !== task)
    : [...before, task].slice(-MOST_OPEN);
  return { ...search, open: after.join(".") };
}
