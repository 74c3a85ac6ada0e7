import { describe, expect, it } from "vitest";
import type { Matrix } from "./decode";
import { groupHosts, rowsOf, select, sortHosts } from "./groups";
import { syntheticMatrix } from "./synthetic";

const matrix: Matrix = {
  hosts: ["web-10", "web-9", "__proto__", "db-1"],
  tasks: [1, 2, 3],
  // biome-ignore format: one line for each host
  cells: Uint8Array.of(
    2, 3, 1,
    2, 2, 1,
    2, 6, 0,
    2, 2, 1,
  ),
};
const names = ["Gather facts", "Install nginx", "Restart"];
const all = { show: "all", host: "", task: "" } as const;

describe("select", () => {
  it("shows everything without a filter", () => {
    expect(select(matrix, names, all)).toEqual({ hosts: [0, 1, 2, 3], tasks: [0, 1, 2] });
  });

  it("shows only hosts and tasks with a failure, or with a change", () => {
    expect(select(matrix, names, { ...all, show: "failed" })).toEqual({ hosts: [2], tasks: [1] });
    expect(select(matrix, names, { ...all, show: "changed" })).toEqual({ hosts: [0], tasks: [1] });
  });

  it("finds names, whatever the case", () => {
    expect(select(matrix, names, { ...all, host: "WEB", task: " nginx " })).toEqual({
      hosts: [0, 1],
      tasks: [1],
    });
    expect(select(matrix, names, { ...all, host: "__proto__" }).hosts).toEqual([2]);
    expect(select(matrix, names, { show: "failed", host: "web", task: "" })).toEqual({
      hosts: [],
      tasks: [],
    });
  });
});

describe("sortHosts", () => {
  const selection = select(matrix, names, all);

  it("puts the worst first, and keeps the order of the rest", () => {
    expect(sortHosts(matrix, selection, "worst")).toEqual([2, 0, 1, 3]);
  });

  it("counts in names", () => {
    const sorted = sortHosts(matrix, selection, "name").map((host) => matrix.hosts[host]);
    expect(sorted).toEqual(["__proto__", "db-1", "web-9", "web-10"]);
  });
});

describe("groupHosts", () => {
  it("puts hosts together that have the same outcomes", () => {
    expect(groupHosts(matrix, [0, 1, 2, 3], [0, 1, 2])).toEqual([[0], [1, 3], [2]]);
  });

  it("looks at the shown tasks only", () => {
    expect(groupHosts(matrix, [0, 1, 2, 3], [0])).toEqual([[0, 1, 2, 3]]);
  });

  it("takes no hosts, and hosts without tasks", () => {
    expect(groupHosts(matrix, [], [0])).toEqual([]);
    expect(groupHosts(matrix, [0, 1], [])).toEqual([[0, 1]]);
  });

  it("groups 5,000 hosts × 200 tasks in a moment", () => {
    const large = syntheticMatrix(5_000, 200);
    const begin = performance.now();
    const selection = select(large, Array(200).fill("task"), all);
    const groups = groupHosts(large, sortHosts(large, selection, "worst"), selection.tasks);
    const took = performance.now() - begin;
    expect(groups.flat()).toHaveLength(5_000);
    expect(groups.length).toBeLessThan(1_000);
    // Some 30 ms on a developer's machine; the rest is for machines that do other things meanwhile.
    expect(took).toBeLessThan(500);
  });
});

describe("rowsOf", () => {
  it("folds groups, and shows the hosts of open ones", () => {
    const groups = [[0], [1, 3], [2]];
    expect(rowsOf(groups, new Set()).map(({ host, count }) => [host, count])).toEqual([
      [0, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(rowsOf(groups, new Set([1])).map(({ host, count, size }) => [host, count, size])).toEqual([
      [0, 1, 1],
      [1, 1, 2],
      [3, 1, 2],
      [2, 1, 1],
    ]);
  });
});
