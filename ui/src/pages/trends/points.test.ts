// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { PlaybookTrend } from "../../api/types";
import { bucketsOf, growth, mediansOf, percent, pointsOf, pointsOfPlaybook } from "./points";
import { filtersOf } from "./queries";

const at = (hour: number) => new Date(Date.UTC(2026, 0, 20, hour)).toISOString();
const run = (hour: number, more = {}) => ({
  id: String(hour),
  playbook: "site.yml",
  status: "success" as const,
  start_time: at(hour),
  duration: 10,
  ...more,
});

const TREND: PlaybookTrend = {
  type: "playbook",
  name: "site.yml",
  runs: 3,
  succeeded: 3,
  success_rate: 1,
  last: { id: "3", start_time: at(3) },
  last_status: "success",
  durations: {
    runs: 3,
    median: 12,
    p95: 20,
    changes: [{ run: { id: "2", start_time: at(2) }, before: 10, after: 20 }],
  },
};

test("finished runs that changed something for real, the oldest first", () => {
  const points = pointsOf([run(3), run(1), run(2, { status: "running" }), run(4, { check: true })]);
  expect(points.map(({ id }) => id)).toEqual(["1", "3"]);
});

test("a relative name belongs to its folder", () => {
  const points = pointsOf([run(1, { cwd: "/a" }), run(2, { cwd: "/b" })]);
  expect(pointsOfPlaybook(points, { ...TREND, folder: "/a" })).toHaveLength(1);
  expect(pointsOfPlaybook(points, TREND)).toHaveLength(2);
});

test("runs by hour, with the empty hours between", () => {
  const buckets = bucketsOf(pointsOf([run(1), run(1, { status: "failed" }), run(4)]), () => 0);
  expect(buckets.map(({ good, bad }) => [good, bad])).toEqual([
    [1, 1],
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
  expect(buckets[0]?.start).toBe(Date.parse(at(1)));
  expect(bucketsOf([], () => 0)).toEqual([]);
});

test("days begin at midnight before and after clocks change", () => {
  const change = Date.parse("2026-03-29T01:00:00Z");
  const berlin = (time: number) => (time < change ? 1 : 2) * 3_600_000;
  const times = [
    "2026-03-13T11:00",
    "2026-03-28T22:30",
    "2026-03-28T23:30",
    "2026-03-29T21:30",
    "2026-03-29T22:30",
  ];
  const runs = times.map((time, id) => run(0, { id: String(id), start_time: `${time}:00Z` }));
  const buckets = bucketsOf(pointsOf(runs), berlin).filter(({ good }) => good > 0);
  expect(buckets.map(({ start, good }) => [new Date(start).toISOString().slice(5, 16), good])).toEqual([
    ["03-12T23:00", 1],
    ["03-27T23:00", 1],
    ["03-28T23:00", 2],
    ["03-29T22:00", 1],
  ]);
});

test("many years still fit", () => {
  const old = run(1, { start_time: "1996-01-20T00:00:00Z" });
  const buckets = bucketsOf(pointsOf([old, run(1)]), () => 3_600_000);
  expect(buckets.length).toBeLessThanOrEqual(60);
  expect(buckets.reduce((sum, { good }) => sum + good, 0)).toBe(2);
});

test("the median steps where durations changed", () => {
  const points = pointsOf([run(1), run(2), run(3)]);
  expect(mediansOf(points, TREND)).toEqual([10, 20, 20]);
  expect(mediansOf(points, { ...TREND, durations: null })).toEqual([null, null, null]);
});

test("shares and growth in words", () => {
  expect([percent(999, 1000), percent(3, 4), percent(4, 4), percent(0, 0)]).toEqual([
    "99 %",
    "75 %",
    "100 %",
    "–",
  ]);
  expect([growth(10, 14.7), growth(10, 5), growth(0, 5)]).toEqual(["+47 %", "−50 %", ""]);
});

test("the period is part of the query, and does not change what an OR means", () => {
  expect(filtersOf({ q: "a OR b", since: "7d" })).toEqual({ q: "(a OR b) since:7d" });
  expect(filtersOf({ q: "a OR b" })).toEqual({ q: "a OR b" });
  expect(filtersOf({ playbook: "site.yml" })).toEqual({ playbook: "site.yml" });
});
