import { describe, expect, it } from "vitest";
import { merged, scaleOf, ticksOf } from "./scale";

const second = 1_000;
const span = (start: number, end: number) => ({ start: start * second, end: end * second });

describe("merged", () => {
  it("joins what overlaps or touches", () => {
    expect(merged([span(5, 9), span(0, 2), span(2, 3), span(6, 7)])).toEqual([span(0, 3), span(5, 9)]);
  });
});

describe("scaleOf", () => {
  it("is even without gaps", () => {
    const scale = scaleOf([span(0, 10), span(10, 20)]);
    expect(scale.gaps).toEqual([]);
    expect([0, 5, 20].map((at) => scale.place(at * second))).toEqual([0, 0.25, 1]);
  });

  it("draws long gaps short, and keeps short ones", () => {
    const scale = scaleOf([span(0, 100), span(110, 200), span(4_000, 4_100)]);
    expect(scale.gaps).toHaveLength(1);
    const [gap] = scale.gaps;
    expect(gap).toMatchObject({ start: 200 * second, end: 4_000 * second });
    expect((gap?.to ?? 0) - (gap?.from ?? 0)).toBeCloseTo(0.03);
    expect(scale.place(4_100 * second)).toBeCloseTo(1);
    expect(scale.place(2_100 * second)).toBeCloseTo(((gap?.from ?? 0) + (gap?.to ?? 0)) / 2);
  });

  it("takes no spans, points in time, and times outside", () => {
    expect(scaleOf([]).place(5)).toBe(0);
    expect(scaleOf([span(3, 3)]).place(3 * second)).toBe(0);
    expect(scaleOf([span(0, 10)]).place(99 * second)).toBe(1);
  });

  it("keeps room for work between many gaps", () => {
    const spans = Array.from({ length: 101 }, (_, at) => span(at * 5_000, at * 5_000 + 1));
    const scale = scaleOf(spans);
    const gaps = scale.gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    expect(gaps).toBeLessThanOrEqual(0.301);
  });
});

describe("ticksOf", () => {
  it("takes round steps, and none inside a gap", () => {
    expect(ticksOf(scaleOf([span(0, 10)]), 5).map((time) => time / second)).toEqual([0, 2, 4, 6, 8, 10]);
    const scale = scaleOf([span(0, 60), span(3_600, 3_660)]);
    for (const tick of ticksOf(scale, 6)) {
      expect(tick <= 60 * second || tick >= 3_600 * second).toBe(true);
    }
    expect(ticksOf(scaleOf([]), 5)).toEqual([0]);
  });
});
