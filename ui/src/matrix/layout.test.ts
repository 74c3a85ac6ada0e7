import { describe, expect, it } from "vitest";
import { hit, layoutOf, offsetAt, reveal, visible, type Zoom } from "./layout";

const layout = (zoom: Zoom, rows: number, columns: number) =>
  layoutOf({ zoom, rows, columns, names: 100, viewWidth: 800, viewHeight: 600 });

describe("layoutOf", () => {
  it("scrolls over all cells", () => {
    const large = layout("large", 5_000, 200);
    expect(large.scrollHeight).toBe(large.head + 5_000 * large.cellHeight);
    expect(large.scrollWidth).toBeGreaterThan(100 + 200 * large.cellWidth);
  });

  it("fits an overview into the view", () => {
    const overview = layout("overview", 5_000, 200);
    expect([overview.scrollWidth, overview.scrollHeight]).toEqual([800, 600]);
    expect(overview.cellWidth).toBe(4);
    expect(visible(overview, { left: 0, top: 0 })).toEqual({
      firstRow: 0,
      endRow: 5_000,
      firstColumn: 0,
      endColumn: 200,
    });
  });

  it("takes no hosts and no tasks", () => {
    for (const zoom of ["large", "small", "overview"] as const) {
      expect(visible(layout(zoom, 0, 0), { left: 0, top: 0 })).toMatchObject({ endRow: 0, endColumn: 0 });
    }
  });

  it("reaches the last of a million hosts, although browsers do not scroll that far", () => {
    const huge = layout("large", 1_000_000, 10);
    expect(huge.scrollHeight).toBeLessThan(10_000_000);
    const bottom = offsetAt(huge, 0, huge.scrollHeight - huge.viewHeight);
    expect(visible(huge, bottom).endRow).toBe(1_000_000);
  });
});

describe("reveal", () => {
  it("moves only as far as it must", () => {
    const large = layout("large", 5_000, 200);
    expect(reveal(large, { row: 2, column: 2 }, 0, 0)).toEqual({ left: 0, top: 0 });
    const far = reveal(large, { row: 4_999, column: 199 }, 0, 0);
    const shown = visible(large, offsetAt(large, far.left, far.top));
    expect([shown.endRow, shown.endColumn]).toEqual([5_000, 200]);
    expect(reveal(large, { row: 0, column: 0 }, far.left, far.top)).toEqual({ left: 0, top: 0 });
  });
});

describe("hit", () => {
  const small = layout("small", 50, 20);
  const none = { left: 0, top: 0 };

  it("finds cells, names and headings", () => {
    expect(hit(small, none, 105, small.head + 3)).toEqual({ row: 0, column: 0 });
    expect(hit(small, { left: 20, top: 26 }, 105, small.head + 3)).toEqual({ row: 2, column: 2 });
    expect(hit(small, none, 5, small.head + 15)).toEqual({ row: 1, column: -1 });
    expect(hit(small, none, 115, 2)).toEqual({ row: -1, column: 1 });
  });

  it("finds nothing in the corner and beside the cells", () => {
    expect(hit(small, none, 5, 5)).toBeUndefined();
    expect(hit(small, none, 790, small.head + 3)).toBeUndefined();
    expect(hit(layout("small", 2, 20), none, 105, 590)).toBeUndefined();
  });
});
