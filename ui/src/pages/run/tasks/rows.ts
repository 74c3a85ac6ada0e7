/** The page's list of tasks: by play and role, with marks on what is slow and what is odd. */
import type { Play, Task, TaskResult } from "../../../api/types";
import type { TasksSearch } from "./search";

/** Outcomes of a task's results, counted so that each result counts once. */
export interface Counts {
  failed: number;
  /** Of the failed and unreachable ones, those that were ignored. */
  ignored: number;
  /** Of the failed ones, those that a `rescue` handled. */
  rescued: number;
  /** Of the failed ones, those that do not count, because the task was repeated in the debugger. */
  retracted: number;
  unreachable: number;
  changed: number;
  /** Without those that changed something. */
  ok: number;
  skipped: number;
}

export interface TaskRow {
  task: Task;
  counts: Counts;
  /** Part of the time of all tasks, from 0 to 1. */
  share: number;
  isSlow: boolean;
  /** Some hosts ended differently from most. */
  isOdd: boolean;
}

/** Successive tasks of one role; `role` is empty for tasks of the play itself. */
export interface RoleGroup {
  role: string;
  rows: TaskRow[];
}

export interface PlayGroup {
  play: number;
  name: string;
  hosts: string;
  roles: RoleGroup[];
}

/** Shorter tasks do not count as slow, in seconds. */
const SLOW_FROM = 1;

/**
 * Tasks that take at least this part of the time are slow, and those that are longer than the usual one by this
 * factor.
 */
const SLOW_SHARE = 0.2;
const SLOW_FACTOR = 5;
const SLOW_LEAST_SHARE = 0.05;

/** Hosts are odd if at least this part of the hosts ended in the same way, and they did not. */
const USUAL_SHARE = 0.6;

/** `failures`: all failed results, or none while they are not known. */
export function rowsOf(tasks: readonly Task[], failures: readonly TaskResult[] = []): TaskRow[] {
  const durations = tasks.map((task) => task.duration).sort((a, b) => a - b);
  const total = durations.reduce((sum, duration) => sum + duration, 0);
  const median = durations[Math.floor(durations.length / 2)] ?? 0;
  const byTask = new Map<number, TaskResult[]>();
  for (const result of failures) {
    byTask.set(result.task, [...(byTask.get(result.task) ?? []), result]);
  }
  return tasks.map((task) => {
    const counts = countsOf(task, byTask.get(task.task));
    const share = total > 0 ? task.duration / total : 0;
    const isLong =
      share >= SLOW_SHARE || (share >= SLOW_LEAST_SHARE && task.duration >= SLOW_FACTOR * median);
    return {
      task,
      counts,
      share,
      isSlow: tasks.length > 1 && task.duration >= SLOW_FROM && isLong,
      isOdd: isOdd(counts),
    };
  });
}

/** The API counts changed results among those that are ok, and handled failures among those that failed. */
function countsOf(task: Task, failures: readonly TaskResult[] = []): Counts {
  const { failed, ignored, unreachable, changed, skipped } = task;
  const retracted = failures.filter((result) => result.retracted).length;
  const rescued = failures.filter((result) => result.rescued && !result.retracted).length;
  const ok = Math.max(0, task.ok - changed);
  return { failed, ignored, rescued, retracted, unreachable, changed, ok, skipped };
}

/** How failures were handled, in words: "2 ignored, 1 rescued". Empty if none was. */
export function handledWords({ ignored, rescued, retracted }: Counts): string {
  const parts = [
    ignored > 0 && `${ignored.toLocaleString("en")} ignored`,
    rescued > 0 && `${rescued.toLocaleString("en")} rescued`,
    retracted > 0 && `${retracted.toLocaleString("en")} repeated`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

export function isOdd({ failed, unreachable, changed, ok, skipped }: Counts): boolean {
  const kinds = [failed, unreachable, changed, ok, skipped];
  const total = kinds.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...kinds);
  return most < total && most / total >= USUAL_SHARE;
}

/** The rows that pass the filters of the address. */
export function filterRows(rows: readonly TaskRow[], { show, name = "" }: TasksSearch): TaskRow[] {
  const part = name.trim().toLowerCase();
  return rows.filter(({ task, counts, isSlow, isOdd }) => {
    const isShown =
      show === undefined ||
      (show === "slow" && isSlow) ||
      (show === "odd" && isOdd) ||
      hasOutcome(counts, show);
    const texts = [task.name, task.role ?? "", task.action, `${task.role ?? ""} : ${task.name}`];
    return isShown && (part === "" || texts.some((text) => text.toLowerCase().includes(part)));
  });
}

function hasOutcome(counts: Counts, show: NonNullable<TasksSearch["show"]>): boolean {
  switch (show) {
    case "failed":
    case "unreachable":
    case "changed":
    case "skipped":
      return counts[show] > 0;
    default:
      return false;
  }
}

/** Groups rows by their plays and roles, in the order in which they ran. */
export function groupRows(rows: readonly TaskRow[], plays: readonly Play[]): PlayGroup[] {
  const known = new Map(plays.map((play) => [play.play, play]));
  const groups: PlayGroup[] = [];
  for (const row of rows) {
    const { play, role = "" } = row.task;
    let group = groups.at(-1);
    if (group?.play !== play) {
      const { name = "", hosts = "" } = known.get(play) ?? {};
      group = { play, name: name || `Play ${play}`, hosts, roles: [] };
      groups.push(group);
    }
    let last = group.roles.at(-1);
    if (last?.role !== role) {
      last = { role, rows: [] };
      group.roles.push(last);
    }
    last.rows.push(row);
  }
  return groups;
}
