import { expect, test } from "vitest";
import { barHeight } from "./bars";
import { quoted } from "./Head";

test("bars are seen however short, and never higher than their place", () => {
  expect(barHeight(0, 100)).toBe(12);
  expect(barHeight(25, 100)).toBe(56);
  expect(barHeight(100, 100)).toBe(100);
  expect(barHeight(undefined, 100)).toBe(100);
  expect(barHeight(0, 0)).toBe(12);
});

test("names with blanks and quotes are quoted in queries", () => {
  expect(quoted("web-01.example")).toBe("web-01.example");
  expect(quoted('a "b" OR *')).toBe('"a \\"b\\" OR *"');
});
