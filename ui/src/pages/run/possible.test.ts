// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Execution, Scope } from "../../api/types";
import { allows } from "../../app/session";
import { NO_HOSTS } from "../../test/records";
import { possible, reports } from "./possible";

const OVER: Execution = {
  id: "a",
  status: "failed",
  phase: "finished",
  start_time: "2026-01-20T10:00:00Z",
  playbook: "site.yml",
  stats: {},
  hosts_by_outcome: NO_HOSTS,
  changed: false,
  unreachable: [],
  failed: ["web-01"],
  events: { complete: true, received: 1 },
  output_lines: 3,
  results: 0,
};
const LAUNCHED: Execution = { ...OVER, queued_time: "2026-01-20T09:59:59Z" };
const can =
  (...scopes: Scope[]) =>
  (scope: Scope) =>
    allows(scopes, scope);
const words = (run: Execution, ...scopes: Scope[]) =>
  Object.entries(possible(run, can(...scopes)))
    .filter(([, is]) => is)
    .map(([name]) => name);

test("a token that only reads may only compare", () => {
  expect(words(LAUNCHED, "read")).toEqual(["compare"]);
});

test("recorded runs are repeated from their record; only those that the collector launched are canceled", () => {
  expect(words(OVER, "read", "run")).toEqual(["replay", "replayFailed", "compare", "pin"]);
  expect(words({ ...OVER, status: "running" }, "run")).toEqual(["pin"]);
  // An ended command of which nothing is known, such as one that failed before it began.
  expect(words({ ...OVER, playbook: null }, "run")).toEqual(["compare", "pin"]);
  expect(words(LAUNCHED, "read", "run")).toEqual(["replay", "replayFailed", "compare", "pin"]);
  expect(words({ ...LAUNCHED, status: "running" }, "run")).toEqual(["cancel", "pin"]);
});

test("failed hosts are repeated where there are any", () => {
  expect(words({ ...LAUNCHED, failed: [] }, "run")).not.toContain("replayFailed");
  expect(words({ ...LAUNCHED, failed: [], unreachable: ["db"] }, "run")).toContain("replayFailed");
});

test("a pinned run is unpinned before it is deleted; admin may do all", () => {
  expect(words(OVER, "admin")).toEqual(["replay", "replayFailed", "compare", "pin", "redact", "remove"]);
  const pinned = { by: "ann", time: "2026-01-20T11:00:00Z" };
  expect(words({ ...OVER, pinned }, "admin")).toEqual([
    "replay",
    "replayFailed",
    "compare",
    "unpin",
    "redact",
  ]);
});

test("output that retention removed is not offered, nor bundles to those who may not", () => {
  const names = (run: Execution, ...scopes: Scope[]) => reports(run, can(...scopes)).map(({ name }) => name);
  expect(names(OVER, "read")).toContain("Output as text");
  expect(names(OVER, "read")).not.toContain("Bundle for another collector");
  expect(names({ ...OVER, payload_removed: "2026-01-21T00:00:00Z" }, "admin")).not.toContain(
    "Output as text",
  );
  expect(names(OVER, "admin")).toContain("Bundle for another collector");
});
