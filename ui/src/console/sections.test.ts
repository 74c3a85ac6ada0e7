import { describe, expect, it } from "vitest";
import { type Folds, hiddenBy, hiddenRanges, revealing } from "./folding";
import { headingOf, SectionIndex, scan, sectionAt } from "./sections";
import type { Line } from "./types";

const lines = (texts: string[], from = 0): Line[] =>
  texts.map((text, index) => ({ number: from + index, text, time: 0, stream: "stdout" }));

const RUN = [
  "", // 0
  "PLAY [All] ********", // 1
  "",
  "TASK [one] ********", // 3
  "ok: [web-01]",
  "",
  "TASK [two : with ] and *** inside] ***", // 6
  'fatal: [web-01]: FAILED! => {"changed": false}',
  "...ignoring",
  "",
  "\u001b[0;31mTASK [three] ****\u001b[0m", // 10
  "\u001b[0;31mfailed: [web-01] (item=x) => {}\u001b[0m", // 11
  "fatal: [web-02]: UNREACHABLE! => {}",
  "",
  "RUNNING HANDLER [restart] ***", // 14
  "changed: [web-01]",
  "",
  "PLAY RECAP *****", // 17
  "web-01 : ok=1",
];
const none: Folds = { policy: "none", chosen: new Map() };

function indexed(texts = RUN): SectionIndex {
  const index = new SectionIndex();
  index.setChunk(0, lines(texts));
  return index;
}

describe("headings", () => {
  it("knows those of Ansible's default output", () => {
    expect(headingOf("PLAY [x] [CHECK MODE] ****")).toEqual({ kind: "play", title: "PLAY [x] [CHECK MODE]" });
    expect(headingOf("PLAY ****")?.kind).toBe("play");
    expect(headingOf("RUNNING HANDLER [a : b] ***")?.kind).toBe("handler");
    expect(headingOf("NO MORE HOSTS LEFT ******")?.kind).toBe("notice");
  });

  it("takes nothing else for one", () => {
    for (const text of [
      "TASK [x]",
      "  TASK [x] ****",
      "msg: TASK [x] ****",
      "PLAYBOOK ***",
      "__proto__ [x] ***",
    ]) {
      expect(headingOf(text), text).toBeUndefined();
    }
  });

  it("reads a megabyte without a newline quickly", () => {
    const start = performance.now();
    expect(scan(lines([`f${"*".repeat(1_000_000)}`, `TASK [${"x".repeat(1_000_000)} ***`]))).toEqual([]);
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe("outline", () => {
  it("finds plays, tasks and failures that were not ignored", () => {
    const { plays, tasks, failures } = indexed().outline();
    expect(plays.map(({ from, to, failed }) => [from, to, failed])).toEqual([
      [1, 17, true],
      [17, 19, false],
    ]);
    expect(tasks.map(({ from, to, failed, unreachable }) => [from, to, failed, unreachable])).toEqual([
      [3, 6, false, false],
      [6, 10, false, false],
      [10, 14, true, true],
      [14, 17, false, false],
    ]);
    expect(failures).toEqual([11, 12]);
    expect(sectionAt(tasks, 8)?.title).toBe("TASK [two : with ] and *** inside]");
    expect(sectionAt(tasks, 2)).toBeUndefined();
  });

  it("joins chunks in whatever order they come", () => {
    const index = new SectionIndex();
    index.setChunk(1, lines(RUN.slice(8), 8));
    expect(index.outline().failures).toEqual([11, 12]);
    index.setChunk(0, lines(RUN.slice(0, 8)));
    expect(index.outline()).toEqual(indexed().outline());
  });

  it("does not guess across text that is not loaded", () => {
    const index = new SectionIndex();
    index.setChunk(0, lines(RUN.slice(0, 5)));
    index.setChunk(2, lines(RUN.slice(10), 10));
    const [one, three] = index.outline().tasks;
    expect(one).toMatchObject({ from: 3, to: 5, complete: false });
    expect(three).toMatchObject({ from: 10, complete: true });
  });
});

describe("folding", () => {
  const outline = indexed().outline();

  it("opens what failed, and hides the rest below its heading", () => {
    expect(hiddenRanges(outline, none)).toEqual([]);
    expect(hiddenRanges(outline, { ...none, policy: "passed" })).toEqual([
      { from: 4, to: 6, heading: 3 },
      { from: 7, to: 10, heading: 6 },
      { from: 15, to: 17, heading: 14 },
    ]);
  });

  it("hides tasks with their play, and shows a line on demand", () => {
    const folds: Folds = { policy: "passed", chosen: new Map([[1, true]]) };
    expect(hiddenRanges(outline, folds)).toEqual([{ from: 2, to: 17, heading: 1 }]);
    const shown = revealing(outline, folds, 8);
    const ranges = hiddenRanges(outline, shown);
    expect(hiddenBy(ranges, 8)).toBeUndefined();
    expect(hiddenBy(ranges, 4)).toMatchObject({ heading: 3 });
    expect(revealing(outline, none, 8)).toBe(none);
  });

  it("does not fold a task that is still running", () => {
    const index = indexed(RUN.slice(0, 6));
    const all: Folds = { policy: "all", chosen: new Map() };
    expect(hiddenRanges(index.outline(), all)).toEqual([]);
    index.setEnd(5);
    expect(hiddenRanges(index.outline(), all)).toEqual([{ from: 4, to: 6, heading: 3 }]);
  });
});
