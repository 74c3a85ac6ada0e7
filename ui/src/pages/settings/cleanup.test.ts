import { expect, test } from "vitest";
import { answerWords, bytes, cleanupRequest, EMPTY, hasLimit, keptWords } from "./cleanup";

const NOTHING = {
  dry_run: true,
  examined: 5,
  deleted: 0,
  payloads_removed: 0,
  bytes_freed: 0,
  kept_pinned: 0,
  kept_running: 0,
  passed_over: 0,
  erased: false,
};

test("the configured rules take no limits", () => {
  expect(cleanupRequest({ ...EMPTY, days: "3" })).toEqual({});
  expect(hasLimit(EMPTY)).toBe(true);
});

test("limits of one's own", () => {
  const form = { ...EMPTY, isConfigured: false, playbook: " site.yml " };
  expect(hasLimit(form)).toBe(false);
  expect(cleanupRequest({ ...form, days: "30", bytes: "10GB", status: "failed" })).toEqual({
    retention_days: 30,
    keep_bytes: "10GB",
    playbook: "site.yml",
    status: "failed",
  });
});

test("answers in words", () => {
  expect(answerWords(NOTHING)).toBe("Nothing would be deleted");
  expect(answerWords({ ...NOTHING, deleted: 168, bytes_freed: 248_336 })).toBe(
    "168 runs would be deleted: 248 kB of logs",
  );
  expect(answerWords({ ...NOTHING, dry_run: false, deleted: 1, payloads_removed: 2, bytes_freed: 1 })).toBe(
    "1 run was deleted; the output of 2 runs was deleted, their records stay: 1 B of logs",
  );
  expect(keptWords({ ...NOTHING, kept_pinned: 1, kept_running: 2 })).toBe(
    "1 run kept because pinned; 2 runs kept because running or waiting",
  );
});

test("sizes", () => {
  expect([0, 999, 1_000, 9_960, 999_600, 1.5e12].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "10.0 kB",
    "1.0 MB",
    "1.5 TB",
  ]);
});
