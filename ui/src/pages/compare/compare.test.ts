import { expect, test } from "vitest";
import type { Comparison } from "../../api/types";
import { groupsOf } from "./groups";
import { headline } from "./headline";
import { differWords, list } from "./names";
import { textDiff } from "./textDiff";
import { versionChanges } from "./versions";

const task = (number: number, name: string, role = "") => ({
  task: number,
  play: "web",
  name,
  role,
  action: "shell",
  handler: false,
});

const nothing = {
  different: true,
  durations: 0,
  failures_fixed: 0,
  failures_new: 0,
  failures_same: 0,
  hosts_added: 0,
  hosts_both: 3,
  hosts_gone: 0,
  output_lines: 0,
  parameters: 0,
  results_compared: 9,
  results_different: 0,
  results_not_reached: 0,
  tasks_added: 0,
  tasks_both: 3,
  tasks_different: 0,
  tasks_gone: 0,
  tasks_moved: 0,
  tasks_not_reached: 0,
  tasks_not_reached_before: 0,
  tasks_renamed: 0,
  transitions: [],
} satisfies Comparison["summary"];

const run = {
  id: "a",
  status: "success",
  check: false,
  results: 9,
  start_time: "2026-01-20T10:00:00Z",
} as const;

const same: Comparison = {
  before: run,
  now: { ...run, id: "b" },
  same_run: false,
  remarks: [],
  summary: nothing,
  durations: [],
  hosts_added: [],
  hosts_gone: [],
  outcomes: [],
  output: [],
  parameters: [],
  results: [],
  tasks_added: [],
  tasks_gone: [],
  tasks_moved: [],
  tasks_renamed: [],
};

const broken: Comparison = {
  ...same,
  summary: {
    ...nothing,
    failures_new: 2,
    tasks_different: 1,
    tasks_added: 1,
    transitions: [
      { before: "ok", now: "failed", results: 2 },
      { before: "ok", now: "changed", results: 1 },
    ],
  },
  outcomes: [
    {
      task: task(4, "Check", "nginx"),
      host_count: 3,
      transitions: [
        { before: "ok", now: "failed", host_count: 2, hosts: ["web-01", "__proto__"] },
        { before: "ok", now: "changed", host_count: 1, hosts: ["web-03"] },
      ],
    },
  ],
  tasks_added: [task(3, "Write the certificates")],
};

function said(comparison: Comparison): string[] {
  return headline(comparison, groupsOf(comparison)).map(({ text }) => text);
}

test("the summary says the worst first", () => {
  expect(said(same)).toEqual([]);
  expect(said(broken)).toEqual([
    "2 hosts failed at “nginx : Check”, and did not before",
    "Task added: “Write the certificates”",
    "1 result: ok → changed",
  ]);
});

test("without all names, results are counted, not hosts", () => {
  const many: Comparison = {
    ...broken,
    summary: { ...broken.summary, failures_new: 250 },
    outcomes: [
      {
        task: task(4, "Check", "nginx"),
        host_count: 250,
        transitions: [{ before: "ok", now: "failed", host_count: 250, hosts: ["web-01"] }],
      },
    ],
  };
  expect(said(many)[0]).toBe("250 results failed at “nginx : Check”, and did not before");
});

test("outcomes are told apart by what broke and what was repaired", () => {
  const groups = groupsOf(broken);
  expect(groups.broken[0]?.transitions).toHaveLength(1);
  expect(groups.other[0]?.transitions[0]?.now).toBe("changed");
  const both = {
    task: task(7, "Ping"),
    host: "db",
    before: "failed",
    now: "failed",
    fields: [],
    fields_left_out: 0,
    items: [],
    items_left_out: 0,
  } as const;
  const still = groupsOf({ outcomes: [], results: [{ ...both, fields: [], items: [] }] });
  expect(still.same[0]?.results).toHaveLength(1);
  expect(still.broken).toEqual([]);
});

test("texts are compared word by word", () => {
  const { before, now } = textDiff("worker_processes 4;\nend", "worker_processes 8;\nend");
  expect(before.filter(({ isOwn }) => isOwn).map(({ text }) => text)).toEqual(["4"]);
  expect(now.filter(({ isOwn }) => isOwn).map(({ text }) => text)).toEqual(["8"]);
  expect(now.map(({ text }) => text).join("")).toBe("worker_processes 8;\nend");
  expect(textDiff("", "new").now).toEqual([{ text: "new", isOwn: true }]);
  expect(textDiff("all is well", "no such file").now).toEqual([{ text: "no such file", isOwn: true }]);
  expect(textDiff("x ".repeat(1_000), "y").before).toHaveLength(1);
});

test("versions are found in what was printed", () => {
  const printed = (where: "before" | "now", text: string) => ({ only_in: where, text, line: 0 });
  const changes = versionChanges({
    results: [],
    output: [
      printed("before", "web-01 answers: shop 4.1.0"),
      printed("now", "web-01 answers: shop 4.2.0"),
      printed("before", "fetched https://example.com/tool-1.2.3.tar.gz version 7.1"),
      printed("now", "fetched https://example.com/tool-1.3.0.tar.gz version 7.2"),
      printed("before", "lib 1.0 lib 2.0"),
      printed("now", "lib 3.0"),
      printed("now", "other 3.0"),
    ],
  });
  expect(changes).toEqual([
    { name: "shop", before: "4.1.0", now: "4.2.0" },
    { name: "tool", before: "1.2.3", now: "1.3.0" },
  ]);
});

test("names as a list", () => {
  expect(list(["a"])).toBe("a");
  expect(list(["a", "b", "c"])).toBe("a, b and c");
  expect(list(["a", "b", "c", "d"], 9)).toBe("a, b, c and 6 more");
});

test("one thing differs, several differ", () => {
  expect(differWords(1, "field")).toBe("1 more field differs.");
  expect(differWords(2, "item")).toBe("2 more items differ.");
});
