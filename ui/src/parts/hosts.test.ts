import { expect, test } from "vitest";
import type { HostStats } from "../api/types";
import { countHosts, describeHosts, hostOutcome } from "./hosts";

test("a host counts once, by the worst that happened to it", () => {
  expect(hostOutcome({ ok: 3, changed: 2, failed: 1 })).toBe("failed");
  expect(hostOutcome({ ok: 3, failed: 1, unreachable: 1 })).toBe("unreachable");
  expect(hostOutcome({ ok: 3, changed: 1, rescued: 1, ignored: 1 })).toBe("changed");
  expect(hostOutcome({ skipped: 2 })).toBe("skipped");
  expect(hostOutcome({})).toBe("ok");
});

test("hosts are counted whatever they are called", () => {
  const stats: Record<string, HostStats> = JSON.parse('{"__proto__": {"failed": 1}, "web-01": {"ok": 1}}');
  const counts = countHosts(stats);
  expect(counts).toEqual({ failed: 1, unreachable: 0, changed: 0, ok: 1, skipped: 0 });
  expect(describeHosts(counts)).toBe("1 failed, 1 ok of 2 hosts");
  expect(describeHosts(countHosts({}))).toBe("no hosts");
});
