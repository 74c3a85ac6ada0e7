import { describe, expect, it } from "vitest";
import { codeAt, decodeMatrix, outcomeWords } from "./decode";

const base64 = (...bytes: number[]) => btoa(String.fromCharCode(...bytes));

describe("decodeMatrix", () => {
  it("unpacks one byte for each host and task, host by host", () => {
    const matrix = decodeMatrix({
      hosts: ["web-01", "__proto__"],
      tasks: [1, 4],
      outcomes: base64(2, 3, 7, 0),
    });
    expect(matrix.hosts).toEqual(["web-01", "__proto__"]);
    expect([codeAt(matrix, 0, 0), codeAt(matrix, 0, 1), codeAt(matrix, 1, 0), codeAt(matrix, 1, 1)]).toEqual([
      2, 3, 7, 0,
    ]);
  });

  it("takes a run without hosts or tasks", () => {
    expect(decodeMatrix({ hosts: [], tasks: [], outcomes: "" }).cells).toHaveLength(0);
    expect(decodeMatrix({ hosts: ["a"], tasks: [], outcomes: "" }).cells).toHaveLength(0);
  });

  it("shows no result where bytes are missing or of a newer collector", () => {
    const matrix = decodeMatrix({ hosts: ["a"], tasks: [1, 2, 3], outcomes: base64(6, 99) });
    expect([...matrix.cells]).toEqual([6, 0, 0]);
  });
});

describe("outcomeWords", () => {
  it("has words for every code, and for codes that there are not", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(outcomeWords)).toEqual([
      "no result",
      "skipped",
      "ok",
      "changed",
      "failed, ignored",
      "failed, rescued",
      "failed",
      "unreachable",
      "no result",
    ]);
  });
});
