import { describe, expect, it } from "vitest";
import type { TaskResult } from "../../../api/types";
import { resultOf } from "../../../test/records";
import { chooseResult, neighboursOf, sameTask } from "./choose";

const result = (seq: number, more: Partial<TaskResult> = {}): TaskResult => resultOf({ seq, ...more });

describe("chooseResult", () => {
  const results = [result(1), result(2), result(3, { retracted: true })];

  it("takes the one of the address, or the last that counts", () => {
    expect(chooseResult(results, 1)?.seq).toBe(1);
    expect(chooseResult(results, 99)?.seq).toBe(2);
    expect(chooseResult(results.slice(2), undefined)?.seq).toBe(3);
    expect(chooseResult([], undefined)).toBeUndefined();
  });
});

describe("neighboursOf", () => {
  it("passes over hosts without a result", () => {
    const hosts = ["a", "__proto__", "c", "d"];
    expect(neighboursOf(hosts, (at) => at !== 1, "c")).toEqual({ before: "a", after: "d" });
    expect(neighboursOf(hosts, () => true, "__proto__")).toEqual({ before: "a", after: "c" });
    expect(neighboursOf(hosts, () => false, "a")).toEqual({ before: undefined, after: undefined });
    expect(neighboursOf(hosts, () => true, "elsewhere")).toEqual({ before: undefined, after: undefined });
  });
});

describe("sameTask", () => {
  it("looks for the name and the module", () => {
    const others = [result(5, { action: "dnf" }), result(6, { task: 9 })];
    expect(sameTask(others, result(1))?.seq).toBe(6);
    expect(sameTask([], result(1))).toBeUndefined();
  });
});
