import { expect, test } from "vitest";
import type { Scope } from "../../api/types";
import { inZone, mayChange, runTitle } from "./words";

test("times stay in their zone", () => {
  expect(inZone("2026-01-19T03:30:00+01:00")).toBe("Mon 2026-01-19 03:30 +01:00");
  expect(inZone("2026-03-01T00:00:05Z")).toBe("Sun 2026-03-01 00:00:05 UTC");
  expect(inZone("2026-03-01T00:00:00Z", true)).toBe("Sun 2026-03-01 00:00:00 UTC");
  expect(inZone("soon")).toBe("soon");
});

test("one changes one's own, and who may everything changes all", () => {
  const scopes = (actor: string, ...own: Scope[]) => ({
    identity: { actor, scopes: own },
    can: (scope: Scope) => own.includes(scope) || own.includes("admin"),
  });
  const schedule = { owner: "token:ann" };
  expect(mayChange(schedule, scopes("token:ann", "read", "run"))).toBe(true);
  expect(mayChange(schedule, scopes("token:bob", "read", "run"))).toBe(false);
  expect(mayChange(schedule, scopes("token:ann", "read"))).toBe(false);
  expect(mayChange(schedule, scopes("token:bob", "admin"))).toBe(true);
});

test("what runs, in a word", () => {
  expect(runTitle({ playbook: "site.yml" })).toBe("site.yml");
  expect(runTitle({ hosts: "web" })).toBe("command on web");
});
