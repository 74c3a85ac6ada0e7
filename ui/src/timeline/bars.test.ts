import { describe, expect, it } from "vitest";
import type { Task, TaskResult } from "../api/types";
import { resultOf } from "../test/records";
import { hostBars, linesOf, longestWithin, slowest, slowestHosts, taskBars } from "./bars";

const time = (seconds: number) => new Date(Date.UTC(2026, 0, 20, 10, 0, seconds)).toISOString();
const task = (number: number, from: number, to: number, more: Partial<Task> = {}): Task => ({
  task: number,
  play: 1,
  name: `Task ${number}`,
  action: "command",
  tags: [],
  handler: false,
  no_log: false,
  start_time: time(from),
  end_time: time(to),
  duration: to - from,
  ok: 1,
  changed: 0,
  failed: 0,
  skipped: 0,
  unreachable: 0,
  ignored: 0,
  ...more,
});
const result = (
  host: string,
  from: number | undefined,
  to: number,
  more: Partial<TaskResult> = {},
): TaskResult =>
  resultOf({
    seq: to,
    host,
    ...(from !== undefined && { start_time: time(from) }),
    end_time: time(to),
    duration: to - (from ?? 0),
    ...more,
  });

describe("taskBars", () => {
  it("knows the worst that happened", () => {
    const tones = [
      task(1, 0, 1, { unreachable: 1, failed: 1 }),
      task(2, 0, 1, { failed: 1 }),
      task(3, 0, 1, { failed: 1, ignored: 1 }),
      task(4, 0, 1, { changed: 1 }),
      task(5, 0, 1, { ok: 0, skipped: 1 }),
    ];
    expect(taskBars(tones, [], undefined).map((bar) => bar.tone)).toEqual([
      "unreachable",
      "failed",
      "ok",
      "changed",
      "skipped",
    ]);
  });

  it("lets tasks that hosts are at work on last until now", () => {
    const now = Date.parse(time(50));
    const [first, second] = taskBars(
      [task(1, 0, 5), task(2, 5, 9)],
      [{ host: 1, name: "a", running_task: 2 }],
      now,
    );
    expect(first?.tone).toBe("ok");
    expect(second).toMatchObject({ tone: "running", end: now });
  });
});

describe("hostBars", () => {
  it("puts the longest first, also where the begin is unknown", () => {
    const bars = hostBars(task(1, 0, 9), [
      result("a", 0, 2),
      result("__proto__", undefined, 9, { duration: 4 }),
    ]);
    expect(bars.map((bar) => [bar.host, bar.end - bar.start])).toEqual([
      ["__proto__", 4_000],
      ["a", 2_000],
    ]);
  });
});

describe("linesOf", () => {
  const bars = taskBars([task(1, 0, 2), task(2, 2, 9), task(3, 9, 10)], [], undefined);
  const order = (by: "time" | "slowest") =>
    linesOf(bars, by, (one) => (one.task === 2 ? [{ kind: "note", task: one, text: "…" }] : [])).map(
      (line) => (line.kind === "task" ? line.task.task : "…"),
    );

  it("is in order of time, or the slowest first", () => {
    expect(order("time")).toEqual([1, 2, "…", 3]);
    expect(order("slowest")).toEqual([2, "…", 1, 3]);
  });

  it("takes 20,000 tasks in a moment", () => {
    const many = taskBars(
      Array.from({ length: 20_000 }, (_, at) => task(at, at, at + 1)),
      [],
      undefined,
    );
    const begin = performance.now();
    expect(linesOf(many, "slowest", () => [])).toHaveLength(20_000);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

describe("slowest", () => {
  it("lists tasks and hosts", () => {
    const bars = taskBars([task(1, 0, 2), task(2, 2, 8)], [], undefined);
    expect(slowest(bars, 1)).toMatchObject([{ seconds: 6, share: 0.75 }]);
    expect(slowest([], 5)).toEqual([]);
    const results = [result("a", 0, 2), result("__proto__", 0, 3), result("__proto__", 3, 4)];
    expect(slowestHosts(results, 5)).toEqual([
      { host: "__proto__", seconds: 4 },
      { host: "a", seconds: 2 },
    ]);
  });
});

it("reads the results of the longest tasks, as many as a page can take", () => {
  const bars = taskBars(
    [task(1, 0, 2, { ok: 900 }), task(2, 2, 9, { ok: 400 }), task(3, 9, 12)],
    [],
    undefined,
  );
  const numbers = (results: number) => longestWithin(bars, results).map((bar) => bar.task.task);
  expect(numbers(5_000)).toEqual([2, 3, 1]);
  expect(numbers(1_000)).toEqual([2, 3]);
  expect(numbers(10)).toEqual([2]);
  expect(longestWithin([], 10)).toEqual([]);
});
