import { describe, expect, it } from "vitest";
import { rowsOf } from "./groups";
import { rasterize } from "./raster";
import { syntheticMatrix } from "./synthetic";

const rowsFor = (hosts: number) =>
  rowsOf(
    Array.from({ length: hosts }, (_, at) => [at]),
    new Set(),
  );
const columnsFor = (tasks: number) => Array.from({ length: tasks }, (_, at) => at);

describe("rasterize", () => {
  it("keeps a single failure of a million cells visible", () => {
    const matrix = syntheticMatrix(5_000, 200);
    matrix.cells.fill(2);
    matrix.cells[3_333 * 200 + 111] = 6;
    const points = rasterize(matrix, rowsFor(5_000), columnsFor(200), 100, 300);
    expect(points.filter((code) => code === 6)).toHaveLength(1);
  });

  it("fills every point where there are fewer cells than points", () => {
    const matrix = { hosts: ["a", "b"], tasks: [1, 2, 3], cells: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect([...rasterize(matrix, rowsFor(2), columnsFor(3), 6, 2)]).toEqual([
      1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6,
    ]);
  });

  it("takes no cells", () => {
    const none = { hosts: [], tasks: [], cells: new Uint8Array() };
    expect([...rasterize(none, [], [], 2, 1)]).toEqual([0, 0]);
  });
});
