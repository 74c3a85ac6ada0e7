import { expect, test } from "vitest";
import { diffLines } from "./difference";

const told = (diff: unknown) => diffLines(diff).map(({ sign, text }) => sign + text);

test("what changed, with a little around it", () => {
  const before = "a\nb\nc\nold\nd\ne\nf\n";
  expect(told({ before, after: before.replace("old", "new"), before_header: "/etc/x" })).toEqual([
    "@/etc/x",
    " b",
    " c",
    "-old",
    "+new",
    " d",
    " e",
  ]);
});

test("new files, states of a file, and prepared differences", () => {
  expect(told({ before: "", after: "x\n" })).toEqual(["+x"]);
  expect(told([{ before: { mode: "0600" }, after: { mode: "0644" } }])).toEqual([
    " {",
    '-  "mode": "0600"',
    '+  "mode": "0644"',
    " }",
  ]);
  expect(told({ prepared: "@@ -1 +1 @@\n-a\n+b\n c\n" })).toEqual(["@@@ -1 +1 @@", "-a", "+b", " c"]);
  expect(told(["text", null, 3])).toEqual([]);
});
