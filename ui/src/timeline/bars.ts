/** The lines of the timeline: one for each task and, if it is unfolded, for each host. */
import type { Host, Task, TaskResult } from "../api/types";
import type { Span } from "./scale";

/** How a bar is coloured; the word is beside it. */
export type Tone = "failed" | "unreachable" | "changed" | "ok" | "skipped" | "running";

export interface TaskBar extends Span {
  kind: "task";
  task: Task;
  tone: Tone;
}

export interface HostBar extends Span {
  kind: "host";
  task: Task;
  host: string;
  result: TaskResult;
  tone: Tone;
}

/** Below an unfolded task: its results are being read, or there are more. */
export interface NoteLine {
  kind: "note";
  task: Task;
  text: string;
}

export type Line = TaskBar | HostBar | NoteLine;

export type Order = "time" | "slowest";

/** The bars of the tasks. While a run continues, tasks on which hosts are at work last until `now`. */
export function taskBars(tasks: readonly Task[], hosts: readonly Host[], now: number | undefined): TaskBar[] {
  const running = new Set(now === undefined ? [] : hosts.map((host) => host.running_task));
  return tasks.map((task) => {
    const start = Date.parse(task.start_time);
    const end = Math.max(start, Date.parse(task.end_time));
    const isRunning = running.has(task.task);
    return {
      kind: "task",
      task,
      start,
      end: isRunning && now !== undefined ? Math.max(end, now) : end,
      tone: isRunning ? "running" : toneOf(task),
    };
  });
}

function toneOf(task: Task): Tone {
  if (task.unreachable > 0) {
    return "unreachable";
  }
  if (task.failed > task.ignored) {
    return "failed";
  }
  if (task.changed > 0) {
    return "changed";
  }
  return task.ok > 0 || task.failed > 0 ? "ok" : "skipped";
}

/** The bars of a task's results, the longest first. */
export function hostBars(task: Task, results: readonly TaskResult[]): HostBar[] {
  return results
    .map((result): HostBar => {
      const end = Date.parse(result.end_time);
      // Imported runs may not know when a host began.
      const start = result.start_time ? Date.parse(result.start_time) : end - (result.duration ?? 0) * 1_000;
      const tone = result.status === "ok" && result.changed ? "changed" : result.status;
      return { kind: "host", task, host: result.host, result, start: Math.min(start, end), end, tone };
    })
    .sort((a, b) => b.end - b.start - (a.end - a.start));
}

/** All lines in the chosen order; `below` returns the lines below an unfolded task. */
export function linesOf(
  bars: readonly TaskBar[],
  order: Order,
  below: (task: Task) => readonly (HostBar | NoteLine)[],
): Line[] {
  const sorted =
    order === "time"
      ? [...bars].sort((a, b) => a.start - b.start || a.task.task - b.task.task)
      : [...bars].sort((a, b) => b.end - b.start - (a.end - a.start));
  return sorted.flatMap((bar): Line[] => [bar, ...below(bar.task)]);
}

/** The longest tasks, with their share of the total time. */
export function slowest(
  bars: readonly TaskBar[],
  count: number,
): { bar: TaskBar; seconds: number; share: number }[] {
  const total = bars.reduce((sum, bar) => sum + bar.end - bar.start, 0);
  return [...bars]
    .sort((a, b) => b.end - b.start - (a.end - a.start))
    .slice(0, count)
    .map((bar) => ({
      bar,
      seconds: (bar.end - bar.start) / 1_000,
      share: total > 0 ? (bar.end - bar.start) / total : 0,
    }));
}

/** The longest tasks with at most that many results in total; the longest one in any case. */
export function longestWithin(bars: readonly TaskBar[], results: number): TaskBar[] {
  let left = results;
  const sorted = [...bars].sort((a, b) => b.end - b.start - (a.end - a.start));
  const end = sorted.findIndex(({ task }, at) => {
    left -= task.ok + task.failed + task.unreachable + task.skipped;
    return left < 0 && at > 0;
  });
  return end < 0 ? sorted : sorted.slice(0, end);
}

/** Hosts by the time that they were at work, from results: the longest first. */
export function slowestHosts(
  results: readonly TaskResult[],
  count: number,
): { host: string; seconds: number }[] {
  const seconds = new Map<string, number>();
  for (const result of results) {
    seconds.set(result.host, (seconds.get(result.host) ?? 0) + (result.duration ?? 0));
  }
  return [...seconds]
    .map(([host, sum]) => ({ host, seconds: sum }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}
