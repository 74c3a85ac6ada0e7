import { expect, test } from "vitest";
import { safeNext } from "./next";

test("the login leads back to pages of our own only", () => {
  expect(safeNext("/runs/1/console?from=3#L7")).toBe("/runs/1/console?from=3#L7");
  for (const next of [
    undefined,
    "",
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
  ]) {
    expect(safeNext(next)).toBe("/runs");
  }
  expect(safeNext("/login?next=/runs")).toBe("/runs");
});
