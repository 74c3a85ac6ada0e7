import { expect, test } from "vitest";
import type { CostFigures, Statistics } from "../../api/types";
import { costGroups, costIntervals } from "./costs";

const cost = (total: string | undefined, runs = 1): CostFigures => ({
  currency: "EUR",
  runs,
  unknown_runs: 0,
  ...(total !== undefined && { total }),
});

const figures = {
  total: 1,
  success: 1,
  failed: 0,
  running: 0,
  success_rate: 100,
  avg_duration: 1,
  min_duration: 1,
  max_duration: 1,
  p50_duration: 1,
  p95_duration: 1,
};

const statistics: Statistics = {
  ...figures,
  from: "2026-01-01T00:00:00Z",
  to: "2026-01-03T00:00:00Z",
  changed: 0,
  by_reason: {},
  top_failed_hosts: {},
  top_playbooks: {},
  failed_hosts: [],
  playbooks: [],
  interval: 86_400,
  series: [
    { ...figures, start: "2026-01-01T00:00:00Z", cost: cost("2") },
    { ...figures, start: "2026-01-02T00:00:00Z", cost: cost(undefined, 0) },
    { ...figures, start: "2026-01-03T00:00:00Z", cost: cost("1") },
  ],
  groups_total: 5,
  groups: [
    { ...figures, name: "a.yml", cost: cost("9") },
    { ...figures, name: "__proto__", folder: "/srv", cost: cost("10.5") },
    { ...figures, name: "unknown.yml", cost: cost(undefined) },
    { ...figures, name: "none.yml", cost: cost("0", 0) },
  ],
};

test("groups stand by cost beside the largest; those without finished runs are left out", () => {
  const { groups, left } = costGroups(statistics);
  expect(groups.map(({ title, share }) => [title, share])).toEqual([
    ["/srv/__proto__", 1],
    ["a.yml", 9 / 10.5],
    ["unknown.yml", 0],
  ]);
  expect(left).toBe(1);
});

test("intervals in which runs ended are listed, the latest first", () => {
  const { step, intervals } = costIntervals(statistics);
  expect(step).toBe("day of");
  expect(intervals.map(({ start, share }) => [start.slice(0, 10), share])).toEqual([
    ["2026-01-03", 0.5],
    ["2026-01-01", 1],
  ]);
});
