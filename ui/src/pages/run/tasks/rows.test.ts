import { describe, expect, it } from "vitest";
import type { Task, TaskResult } from "../../../api/types";
import { resultOf } from "../../../test/records";
import { filterRows, groupRows, handledWords, isOdd, rowsOf } from "./rows";

const task = (number: number, more: Partial<Task> = {}): Task => ({
  task: number,
  play: 1,
  name: `Task ${number}`,
  action: "command",
  tags: [],
  handler: false,
  no_log: false,
  start_time: "2026-01-20T10:00:00Z",
  end_time: "2026-01-20T10:00:01Z",
  duration: 1,
  ok: 10,
  changed: 0,
  failed: 0,
  skipped: 0,
  unreachable: 0,
  ignored: 0,
  ...more,
});

const failure = (number: number, more: Partial<TaskResult> = {}): TaskResult =>
  resultOf({ seq: number, task: number, status: "failed", ...more });

describe("handled failures", () => {
  it("are told apart by the results, as far as these are known", () => {
    const tasks = [task(1, { failed: 4, ignored: 1 }), task(2, { failed: 1 })];
    const failures = [
      failure(1, { ignored: true }),
      failure(1, { rescued: true }),
      failure(1, { rescued: true, retracted: true }),
      failure(1),
      failure(2),
    ];
    const words = (known?: TaskResult[]) => rowsOf(tasks, known).map(({ counts }) => handledWords(counts));
    expect(words(failures)).toEqual(["1 ignored, 1 rescued, 1 repeated", ""]);
    expect(words()).toEqual(["1 ignored", ""]);
  });
});

describe("rowsOf", () => {
  it("counts each result once, and the part of the time", () => {
    const [first] = rowsOf([task(1, { changed: 3, duration: 3 }), task(2)]);
    expect(first?.counts).toMatchObject({ ok: 7, changed: 3 });
    expect(first?.share).toBe(0.75);
  });

  it("marks the slow ones, but no short ones and not the only one", () => {
    const isSlow = (durations: number[]) =>
      rowsOf(durations.map((duration, at) => task(at, { duration }))).map((row) => row.isSlow);
    expect(isSlow([1, 1, 1, 1, 1, 1, 1, 1, 9])).toEqual([...Array(8).fill(false), true]);
    expect(isSlow([0.1, 0.1, 0.9])).toEqual([false, false, false]);
    expect(isSlow([100])).toEqual([false]);
    expect(isSlow([])).toEqual([]);
  });
});

describe("isOdd", () => {
  const none = {
    failed: 0,
    ignored: 0,
    rescued: 0,
    retracted: 0,
    unreachable: 0,
    changed: 0,
    ok: 0,
    skipped: 0,
  };

  it("is where a few hosts ended otherwise than most", () => {
    expect(isOdd({ ...none, ok: 9, changed: 1 })).toBe(true);
    expect(isOdd({ ...none, ok: 10 })).toBe(false);
    expect(isOdd({ ...none, ok: 5, skipped: 5 })).toBe(false);
    expect(isOdd(none)).toBe(false);
  });
});

describe("filterRows", () => {
  const rows = rowsOf([task(1, { failed: 1, ok: 9 }), task(2, { name: "Install nginx", role: "web" })]);
  const shown = (search: Parameters<typeof filterRows>[1]) =>
    filterRows(rows, search).map((row) => row.task.task);

  it("looks at outcomes, names, roles and modules", () => {
    expect(shown({})).toEqual([1, 2]);
    expect(shown({ show: "failed" })).toEqual([1]);
    expect(shown({ show: "odd" })).toEqual([1]);
    expect(shown({ name: "NGINX" })).toEqual([2]);
    expect(shown({ name: "web : install" })).toEqual([2]);
    expect(shown({ name: "command", show: "unreachable" })).toEqual([]);
  });
});

describe("groupRows", () => {
  it("keeps the order, also where a role comes twice", () => {
    const tasks = [
      task(1),
      task(2, { role: "web" }),
      task(3),
      task(4, { play: 2 }),
      task(5, { play: 2, role: "web" }),
    ];
    const groups = groupRows(rowsOf(tasks), []);
    expect(
      groups.map(({ name, roles }) => [name, roles.map(({ role, rows }) => [role, rows.length])]),
    ).toEqual([
      [
        "Play 1",
        [
          ["", 1],
          ["web", 1],
          ["", 1],
        ],
      ],
      [
        "Play 2",
        [
          ["", 1],
          ["web", 1],
        ],
      ],
    ]);
  });
});
