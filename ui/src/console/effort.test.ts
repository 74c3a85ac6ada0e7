import { expect, it } from "vitest";
import { effortOf, isQuick } from "./effort";

const quick = (pattern: string, length: number) => isQuick(effortOf(pattern), length);

it("allows what people look for", () => {
  const addresses = "\\d{1,3}\\.\\d{1,3}";
  for (const pattern of [
    "fatal: \\[web-0[1-9]\\]",
    "fatal.*web",
    "(ok|changed): \\[",
    "colou?r",
    addresses,
  ]) {
    expect(quick(pattern, 1_000), pattern).toBe(true);
  }
  expect(quick("^fa?tal.*\\d+$", 120)).toBe(true);
  // A literal text costs no more than its length.
  expect(quick("a(?:b)c(?<name>d)[*+(]\\(\\+", 1_000_000)).toBe(true);
});

it("refuses what may double with each character", () => {
  const many = `${"a?".repeat(40)}b`;
  for (const pattern of ["(a+)+$", "(a|a)*b", "(a?){30}a{30}", "(?:x+x+)+y", "(a)\\1", "(?=a+)b", many]) {
    expect(quick(pattern, 30), pattern).toBe(false);
  }
});

it("refuses what takes too long for a long line only", () => {
  expect(quick(".*.*.*x", 30)).toBe(true);
  expect(quick(".*.*.*x", 1_000)).toBe(false);
  expect(quick("a+", 1_000_000)).toBe(false);
});
