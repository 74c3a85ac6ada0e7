import { expect, test } from "vitest";
import { describeHosts, hostOutcome } from "./hosts";

test("a host counts once, by the worst that happened to it", () => {
  expect(hostOutcome({ ok: 3, changed: 2, failed: 1 })).toBe("failed");
  expect(hostOutcome({ ok: 3, failed: 1, unreachable: 1 })).toBe("unreachable");
  expect(hostOutcome({ ok: 3, changed: 1, rescued: 1, ignored: 1 })).toBe("changed");
  expect(hostOutcome({ skipped: 2 })).toBe("skipped");
  expect(hostOutcome({})).toBe("ok");
});

test("hosts are counted in words, the worst first", () => {
  const none = { failed: 0, unreachable: 0, changed: 0, ok: 0, skipped: 0 };
  expect(describeHosts({ ...none, failed: 1, ok: 1 })).toBe("1 failed, 1 ok of 2 hosts");
  expect(describeHosts(none)).toBe("no hosts");
});
