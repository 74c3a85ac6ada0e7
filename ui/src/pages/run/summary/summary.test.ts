// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Estimate, HostStats } from "../../../api/types";
import { estimateWords } from "./EstimateCard";
import { columnsOf, recap } from "./recap";
import { shortPath } from "./TaskPlace";

test("the recap has the worst hosts first, and web-2 before web-10", () => {
  const stats: Record<string, HostStats> = JSON.parse(
    '{"web-10": {"ok": 1}, "web-2": {"ok": 1}, "__proto__": {"ok": 2, "failed": 1}, "db": {"changed": 1, "ok": 1}}',
  );
  const rows = recap(stats);
  expect(rows.map(({ host }) => host)).toEqual(["__proto__", "db", "web-2", "web-10"]);
  expect(columnsOf(rows)).toEqual(["ok", "changed", "failed"]);
  expect(columnsOf([])).toEqual(["ok"]);
});

test("an estimate in words", () => {
  const estimate: Estimate = {
    id: "a",
    status: "running",
    elapsed: 10,
    based_on: 5,
    usual: 120,
    remaining: 72,
    is_overdue: false,
    hosts_running: 1,
    waits_for: [],
  };
  expect(estimateWords(estimate)).toBe("About 1 min 12 s left; usually 2 min, based on 5 runs");
  expect(estimateWords({ ...estimate, remaining: 0 })).toMatch(/^Should be over by now/);
  expect(estimateWords({ ...estimate, is_overdue: true })).toMatch(/^Much longer than usual/);
  expect(estimateWords({ ...estimate, based_on: 0, usual: null })).toMatch(/^No estimate/);
});

test("paths are short, and roles are kept whole", () => {
  expect(shortPath("/srv/shop/roles/nginx/tasks/main.yml")).toBe("roles/nginx/tasks/main.yml");
  expect(shortPath("/srv/shop/site.yml")).toBe("shop/site.yml");
  expect(shortPath("/site.yml")).toBe("site.yml");
});
