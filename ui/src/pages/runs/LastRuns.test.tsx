import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Bars, lastRunsWords } from "./LastRuns";

const RUNS = [
  { id: "a", status: "success", duration: 10 },
  { id: "b", status: "failed", duration: 5 },
  { id: "c", status: "running" },
] as const;

test("bars are as high as the runs were long, and one is the row's own", () => {
  const { container } = render(<Bars runs={RUNS} id="b" />);
  const bars = [...container.querySelectorAll<HTMLElement>(".runs-bar")];
  expect(bars.map((bar) => bar.style.height)).toEqual(["100%", "50%", "12%"]);
  expect(bars.map((bar) => bar.classList.contains("runs-bar-this"))).toEqual([false, true, false]);
});

test("the words say what the bars show", () => {
  expect(lastRunsWords(RUNS)).toBe("The last 3 runs of this playbook: 1 failed, 1 running, median 10 s");
});
