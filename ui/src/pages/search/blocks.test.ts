import { expect, test } from "vitest";
import type { SearchHit } from "../../api/types";
import { byRun } from "./blocks";
import { cardsOf } from "./cards";

function hit(line: number, more: Partial<SearchHit> = {}): SearchHit {
  return {
    execution: { id: "a", type: "playbook", status: "failed", start_time: "2026-01-20T10:00:00Z" },
    in: "output",
    line,
    seq: line,
    time: "2026-01-20T10:00:00Z",
    text: `line ${line}`,
    parts: ["", "line", ` ${line}`],
    ...more,
  };
}

function numbers(hits: SearchHit[]): number[][][] {
  return byRun(hits).map(({ blocks }) => blocks.map(({ lines }) => lines.map(({ number }) => number)));
}

test("lines whose surroundings meet are one block", () => {
  const around = (line: number) =>
    hit(line, { before: [`line ${line - 1}`], after: [`line ${line + 1}`], host: `web-${line}` });
  expect(numbers([around(5), around(6), around(8), around(12)])).toEqual([
    [
      [4, 5, 6, 7, 8, 9],
      [11, 12, 13],
    ],
  ]);
  const [run] = byRun([around(5), around(6)]);
  expect(run?.blocks[0]?.lines.map(({ parts }) => parts.length)).toEqual([1, 3, 3, 1]);
  expect(run?.blocks[0]?.hosts).toEqual(["web-5", "web-6"]);
});

test("other runs, results and fields are other blocks", () => {
  const other = { ...hit(0).execution, id: "b" };
  expect(numbers([hit(1), hit(2, { execution: other })])).toEqual([[[1]], [[2]]]);
  const inStderr = { in: "stderr" };
  expect(numbers([hit(0, { ...inStderr, seq: 7 }), hit(1, { ...inStderr, seq: 8 })])).toEqual([[[0], [1]]]);
  expect(numbers([hit(0, { ...inStderr, seq: 7 }), hit(1, { ...inStderr, seq: 7 })])).toEqual([[[0, 1]]]);
});

test("the place of a line decides, not the order in which lines are found", () => {
  expect(numbers([hit(3), hit(0, { in: "msg" }), hit(2), hit(4)])).toEqual([[[2, 3, 4], [0]]]);
});

test("results that say the same on several hosts are one card", () => {
  const task = { name: "Install", number: 3 };
  const on = (host: string, seq: number, more: Partial<SearchHit> = {}) =>
    hit(0, { in: "stdout", host, seq, task, ...more });
  const [run] = byRun([
    on("web-01", 1),
    on("web-01", 1, { in: "cmd" }),
    on("web-02", 2),
    on("web-02", 2, { in: "cmd" }),
    on("__proto__", 3, { parts: ["", "line", " of another"] }),
    hit(7, { host: "web-01", task }),
  ]);
  const cards = cardsOf(run?.blocks ?? []);
  expect(cards.map(({ hosts }) => hosts.map(({ name }) => name))).toEqual([
    ["web-01", "web-02"],
    ["__proto__"],
    ["web-01"],
  ]);
  expect(cards[0]?.blocks.map((block) => block.in)).toEqual(["stdout", "cmd"]);
});
