import { expect, test } from "vitest";
import { fromSegment, toSegment } from "./segment";

test("names that a browser would take out of an address are written in another way, and come back", () => {
  for (const name of [".", "..", "~.", "~~..", "web-01", "...", "~", "a/.", ""]) {
    const segment = toSegment(name);
    expect([".", ".."]).not.toContain(segment);
    expect(fromSegment(segment)).toBe(name);
  }
  expect(toSegment("web-01")).toBe("web-01");
});
