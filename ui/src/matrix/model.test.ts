import { describe, expect, it } from "vitest";
import type { Matrix } from "./decode";
import { cellOf, cellWords, failuresOf, modelOf, placeOf } from "./model";

const matrix: Matrix = {
  hosts: ["web-01", "web-02", "__proto__", "web-03"],
  tasks: [3, 8],
  cells: Uint8Array.of(2, 2, 2, 2, 2, 6, 2, 2),
};
const tasks = new Map([
  [3, { number: 3, name: "Gather facts", play: 1 }],
  [8, { number: 8, name: "Install nginx", play: 2 }],
]);
const view = { show: "all", host: "", task: "", sort: "worst", folded: true } as const;

describe("modelOf", () => {
  const model = modelOf(matrix, tasks, view, new Set());

  it("has a line for each group, the worst first, and knows where plays begin", () => {
    expect(model.rows.map((row) => row.count)).toEqual([1, 3]);
    expect([...model.plays]).toEqual([1]);
    expect(model.groups).toBe(1);
  });

  it("says cells in words", () => {
    expect(cellWords(model, { row: 0, column: 1 })).toBe("host __proto__, task Install nginx: failed");
    expect(cellWords(model, { row: 1, column: 0 })).toBe("3 hosts like web-01, task Gather facts: ok");
    expect(cellWords(model, { row: 9, column: 0 })).toBe("");
  });

  it("finds the cell of a host and task, also of a folded host", () => {
    expect(cellOf(model, { host: "__proto__", task: 8 })).toEqual({ row: 0, column: 1 });
    expect(cellOf(model, { host: "web-03", task: 3 })).toEqual({ row: 1, column: 0 });
    expect(cellOf(model, { host: "elsewhere", task: 3 })).toBeUndefined();
    expect(cellOf(model, { host: "web-01", task: 99 })).toBeUndefined();
    expect(placeOf(model, { row: 0, column: 1 })).toEqual({ host: "__proto__", task: 8 });
  });

  it("calls tasks that nothing is known of by their number", () => {
    expect(modelOf(matrix, new Map(), view, new Set()).headings).toEqual(["task 3", "task 8"]);
  });

  it("lists failures", () => {
    expect(failuresOf(model, 10)).toEqual({ cells: [{ row: 0, column: 1 }], total: 1 });
    expect(failuresOf(model, 0)).toEqual({ cells: [], total: 1 });
  });

  it("takes a run without hosts, and one with a single host", () => {
    expect(modelOf({ hosts: [], tasks: [], cells: new Uint8Array() }, tasks, view, new Set()).rows).toEqual(
      [],
    );
    const one = { hosts: ["a"], tasks: [3], cells: Uint8Array.of(2) };
    expect(modelOf(one, tasks, view, new Set()).rows).toHaveLength(1);
  });
});
