import { describe, expect, it } from "vitest";
import { compareLines, type DiffLine, diffLines } from "./diff";

const signs = (lines: DiffLine[]) =>
  lines.map(
    ({ kind, text }) => `${{ added: "+", removed: "-", same: " ", head: "#", note: "~" }[kind]}${text}`,
  );
const diff = (fields: object) => signs(diffLines(new Map(Object.entries(fields))));

describe("diffLines", () => {
  it("compares texts before and after", () => {
    expect(
      diff({ before_header: "/etc/a", before: "a\nb\n", after_header: "/etc/a", after: "a\nc\n" }),
    ).toEqual(["#--- /etc/a", "#+++ /etc/a", " a", "-b", "+c"]);
  });

  it("compares values, as of the file module", () => {
    expect(diff({ before: { state: "absent" }, after: { state: "directory" } })).toContain(
      '-  "state": "absent"',
    );
  });

  it("takes prepared text", () => {
    expect(diff({ prepared: "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same" })).toEqual([
      "#--- a",
      "#+++ b",
      "#@@ -1 +1 @@",
      "-old",
      "+new",
      " same",
    ]);
  });

  it("says why there is none", () => {
    expect(diff({ src_binary: 1, dst_larger: 104448 })).toEqual([
      "~the new file is binary",
      "~the file was larger than 104448 bytes",
    ]);
  });
});

describe("compareLines", () => {
  it("leaves out what is the same", () => {
    const before = Array.from({ length: 100 }, (_, at) => `line ${at}`);
    const after = before.with(50, "changed");
    const lines = signs(compareLines(before, after));
    expect(lines).toHaveLength(2 + 6 + 2);
    expect(lines[0]).toBe("~47 lines the same");
    expect(lines.at(-1)).toBe("~46 lines the same");
  });

  it("takes empty texts and huge ones", () => {
    expect(compareLines([], [])).toEqual([]);
    expect(signs(compareLines([], ["a"]))).toEqual(["+a"]);
    const many = (letter: string) => Array.from({ length: 5_000 }, (_, at) => `${letter}${at}`);
    expect(compareLines(many("a"), many("b"))).toHaveLength(10_000);
  });
});
