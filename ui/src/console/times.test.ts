import { expect, it } from "vitest";
import { isTimeMode, timeText } from "./times";

const time = Date.UTC(2026, 0, 2, 3, 4, 5, 67);
const base = { start: time - 64_012, before: time - 1500, zone: "Asia/Tokyo" };

it("shows the time in the chosen zone, since the start, or since the line before", () => {
  expect(timeText("off", time, base)).toBe("");
  expect(timeText("absolute", time, base)).toBe("12:04:05.067");
  expect(timeText("relative", time, base).trim()).toBe("1:04.012");
  expect(timeText("delta", time, base).trim()).toBe("+1.500");
  expect(timeText("relative", time + 3_600_000, base).trim()).toBe("1:01:04.012");
});

it("keeps its width and its sense when clocks differ or a time is unknown", () => {
  expect(timeText("relative", time, { ...base, start: time + 2000 })).toBe("     -2.000");
  expect(timeText("delta", time, { ...base, before: undefined })).toBe(" ".repeat(11));
  expect(timeText("relative", time, { ...base, start: undefined })).toBe(" ".repeat(11));
});

it("knows its modes", () => {
  expect(isTimeMode("delta")).toBe(true);
  expect(isTimeMode("__proto__")).toBe(false);
  expect(isTimeMode(null)).toBe(false);
});
