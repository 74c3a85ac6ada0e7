import { expect, test } from "vitest";
import { NO_HOSTS } from "../test/records";
import { describeHosts, hostOutcome } from "./hosts";

test("a host counts once, by the worst that happened to it", () => {
  expect(hostOutcome({ ok: 3, changed: 2, failed: 1 })).toBe("failed");
  expect(hostOutcome({ ok: 3, failed: 1, unreachable: 1 })).toBe("unreachable");
  expect(hostOutcome({ ok: 3, changed: 1, rescued: 1, ignored: 1 })).toBe("changed");
  expect(hostOutcome({ skipped: 2 })).toBe("skipped");
  expect(hostOutcome({ rescued: 1 })).toBe("ok");
  expect(hostOutcome({ ok: 0, failed: 0 })).toBe("idle");
  expect(hostOutcome({})).toBe("idle");
});

test("hosts are counted in words, the worst first", () => {
  expect(describeHosts({ ...NO_HOSTS, failed: 1, ok: 1 })).toBe("1 failed, 1 ok of 2 hosts");
  expect(describeHosts({ ...NO_HOSTS, idle: 2, ok: 1 })).toBe("2 not run, 1 ok of 3 hosts");
  expect(describeHosts(NO_HOSTS)).toBe("no hosts");
});
