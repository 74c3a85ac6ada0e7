import { expect, test } from "vitest";
import type { Execution, ListedExecution } from "../../api/types";
import { sameRecords } from "./same";

const record = (id: string, more: Partial<Execution> = {}): ListedExecution =>
  JSON.parse(JSON.stringify({ id, status: "running", ...more }));

test("records that say the same stay the same objects", () => {
  const before = [record("a"), record("b")];
  expect(sameRecords(before, [record("a"), record("b")])).toBe(before);
  const after = sameRecords(before, [record("c"), record("a"), record("b", { status: "success" })]);
  expect(after.map(({ id, status }) => [id, status])).toEqual([
    ["c", "running"],
    ["a", "running"],
    ["b", "success"],
  ]);
  expect(after[1]).toBe(before[0]);
  expect(after[2]).not.toBe(before[1]);
});

test("a host that is called __proto__ counts, where the feed tells of hosts", () => {
  const stats = (ok: number) => JSON.parse(`{"__proto__": {"ok": ${ok}}}`);
  const before = [record("a", { stats: stats(1) })];
  expect(sameRecords(before, [record("a", { stats: stats(2) })])).not.toBe(before);
});
