// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import {
  CHUNK_LINES,
  chunkCount,
  chunkOf,
  Heights,
  MOST_PIXELS,
  mustMove,
  type Placed,
  place,
  Scale,
} from "./window";

const LINE = 18;
const VIEW = 900;

function heights(lines: number): Heights {
  const sums = new Heights();
  sums.resize(chunkCount(lines), (chunk) => Math.min(CHUNK_LINES, lines - chunk * CHUNK_LINES) * LINE);
  return sums;
}

function moves(placed: Placed, sums: Heights, scrollTop: number): boolean {
  const length = sums.offset(placed.last + 1) - sums.offset(placed.first);
  return mustMove(placed, length, sums.count, { scrollTop, clientHeight: VIEW });
}

describe("heights", () => {
  it("adds up, finds, and follows changes", () => {
    const sums = heights(1200);
    expect([sums.count, sums.total, sums.offset(2)]).toEqual([3, 1200 * LINE, 1000 * LINE]);
    expect([sums.at(0), sums.at(500 * LINE - 1), sums.at(500 * LINE), sums.at(1e9)]).toEqual([0, 0, 1, 2]);
    sums.set(0, 100);
    expect([sums.offset(1), sums.total]).toEqual([100, 100 + 700 * LINE]);
    sums.resize(1, () => 0);
    expect(sums.total).toBe(100);
    expect(chunkOf(999)).toBe(1);
  });

  it("has no chunk without lines", () => {
    expect(place(heights(0), VIEW, 0)).toMatchObject({ first: 0, last: -1, scroll: 0 });
  });
});

describe("a million lines", () => {
  const million = heights(1_000_000);

  it("stays below the height at which browsers end", () => {
    expect(million.total).toBe(18_000_000);
    expect(new Scale(million.total, VIEW).height).toBe(MOST_PIXELS);
  });

  it("translates there and back, exactly near both ends, and reaches both", () => {
    const scale = new Scale(million.total, VIEW);
    for (const top of [0, 1, 999_999, 5_000_000, 9_000_000.5, 17_500_000, million.total - VIEW]) {
      expect(scale.toText(scale.toScroll(top))).toBeCloseTo(top, 3);
    }
    expect(scale.toText(12_345)).toBe(12_345);
    expect(scale.toText(MOST_PIXELS - VIEW)).toBe(million.total - VIEW);
    expect(scale.toText(MOST_PIXELS - VIEW - 10)).toBe(million.total - VIEW - 10);
    expect(scale.toText(1e9)).toBe(million.total - VIEW);
  });

  it("puts every line where the view expects it", () => {
    for (let line = 0; line < 1_000_000; line += 9973) {
      const placed = place(million, VIEW, line * LINE);
      const top = Math.min(line * LINE, million.total - VIEW);
      // The line's place on the screen: room above, its place in the window, minus what is scrolled.
      const screen = placed.above + (top - million.offset(placed.first)) - placed.scroll;
      expect(screen).toBeCloseTo(0, 3);
      expect(placed.last - placed.first).toBeLessThan(8);
      expect(placed.above).toBeGreaterThanOrEqual(0);
      expect(placed.below).toBeGreaterThanOrEqual(0);
      expect(moves(placed, million, placed.scroll)).toBe(false);
    }
  });

  it("moves the window before its edge is seen", () => {
    const placed = place(million, VIEW, 9_000_000);
    expect(moves(placed, million, placed.above)).toBe(true);
    const end = place(million, VIEW, million.total);
    expect(end.last).toBe(million.count - 1);
    expect(end.below).toBe(0);
    expect(moves(end, million, end.scroll)).toBe(false);
  });
});

it("needs no scale for lines that fit", () => {
  const some = heights(200_000);
  const placed = place(some, VIEW, 123_456);
  expect(placed.scroll).toBe(123_456);
  expect(placed.above).toBe(some.offset(placed.first));
});
