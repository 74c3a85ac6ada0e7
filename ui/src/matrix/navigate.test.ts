import { describe, expect, it } from "vitest";
import type { Matrix } from "./decode";
import { rowsOf } from "./groups";
import { move, nextFailure } from "./navigate";

const extent = { rows: 100, columns: 10, pageRows: 20 };
const press = (key: string, ctrlKey = false) => move({ row: 50, column: 5 }, { key, ctrlKey }, extent);

describe("move", () => {
  it("goes to the next cell", () => {
    expect(press("ArrowUp")).toEqual({ row: 49, column: 5 });
    expect(press("ArrowDown")).toEqual({ row: 51, column: 5 });
    expect(press("ArrowLeft")).toEqual({ row: 50, column: 4 });
    expect(press("ArrowRight")).toEqual({ row: 50, column: 6 });
  });

  it("goes to the ends and by pages", () => {
    expect(press("Home")).toEqual({ row: 50, column: 0 });
    expect(press("End", true)).toEqual({ row: 99, column: 9 });
    expect(press("PageDown")).toEqual({ row: 69, column: 5 });
    expect(press("ArrowUp", true)).toEqual({ row: 0, column: 5 });
  });

  it("stays inside, and leaves other keys alone", () => {
    expect(move({ row: 0, column: 0 }, { key: "ArrowUp", ctrlKey: false }, extent)).toEqual({
      row: 0,
      column: 0,
    });
    expect(press("a")).toBeUndefined();
    expect(
      move({ row: 0, column: 0 }, { key: "End", ctrlKey: false }, { ...extent, rows: 0 }),
    ).toBeUndefined();
  });
});

describe("nextFailure", () => {
  // biome-ignore format: one line for each host
  const matrix: Matrix = { hosts: ["a", "b"], tasks: [1, 2, 3], cells: Uint8Array.of(
    2, 6, 2,
    7, 2, 5,
  ) };
  const rows = rowsOf([[0], [1]], new Set());
  const columns = [0, 1, 2];

  it("goes from failure to failure and round again", () => {
    expect(nextFailure(matrix, rows, columns, { row: 0, column: 0 }, 1)).toEqual({ row: 0, column: 1 });
    expect(nextFailure(matrix, rows, columns, { row: 0, column: 1 }, 1)).toEqual({ row: 1, column: 0 });
    expect(nextFailure(matrix, rows, columns, { row: 1, column: 0 }, 1)).toEqual({ row: 0, column: 1 });
    expect(nextFailure(matrix, rows, columns, { row: 0, column: 1 }, -1)).toEqual({ row: 1, column: 0 });
  });

  it("finds nothing where nothing failed", () => {
    expect(nextFailure(matrix, rows, [2], { row: 0, column: 0 }, 1)).toBeUndefined();
    expect(nextFailure(matrix, [], [], { row: 0, column: 0 }, 1)).toBeUndefined();
  });
});
