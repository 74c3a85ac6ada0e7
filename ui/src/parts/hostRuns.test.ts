import { expect, test } from "vitest";
import { recapWords } from "./hostRuns";

test("a host's recap, the worst first and without zeros", () => {
  expect(recapWords({ ok: 7, changed: 2, failed: 0, skipped: 1 })).toBe("2 changed, 7 ok, 1 skipped");
  expect(recapWords({ unreachable: 1 })).toBe("1 unreachable");
  expect(recapWords({})).toBe("no tasks");
});
