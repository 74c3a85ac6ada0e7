import { expect, test } from "vitest";
import type { TargetSettings } from "../../../api/types";
import { problemOf } from "../../../parts/form/problem";
import { formOf, isField, newTarget, settingsOf, withItem, withoutItem } from "./form";

test("a new target is told when a playbook breaks, recovers or does not run", () => {
  const form = { ...newTarget(), name: "ops", url: " https://hooks.example.org/x " };
  expect(settingsOf(form)).toEqual({
    kind: "slack",
    enabled: true,
    url: "https://hooks.example.org/x",
    rules: [{ on: ["broke", "recovered", "silent"], query: "" }],
    quiet: [],
    max_per_hour: 30,
  });
});

test("only fields of the kind are sent", () => {
  const form = { ...newTarget(), url: "https://x", token: "t", room: "!r:x", digestMinutes: "5" };
  expect(settingsOf({ ...form, kind: "matrix" })).toMatchObject({
    url: "https://x",
    token: "t",
    room: "!r:x",
  });
  const pagerduty = settingsOf({ ...form, kind: "pagerduty" });
  expect(Object.keys(pagerduty).sort()).toEqual(["enabled", "kind", "max_per_hour", "rules", "token"]);
  const mail = settingsOf({ ...form, kind: "mail", to: "a@x.org, b@x.org,", server: "mx", from: "c@x.org" });
  expect(mail).toMatchObject({ to: ["a@x.org", "b@x.org"], server: "mx", security: "tls" });
  expect(mail).not.toHaveProperty("url");
});

test("what a target is set to comes back as it was, and its secrets stay", () => {
  const settings: TargetSettings = {
    kind: "webhook",
    enabled: false,
    rules: [
      { on: ["silent", "waiting"], query: "label:a", waiting_minutes: 5, silent_hours: 26, late: true },
      { on: ["budget"], query: "", budget_percent: 80, budgets: ["production", "tests"] },
    ],
    quiet: [{ from: "22:00", to: "06:00", days: ["mon"] }],
    digest_minutes: 15,
    max_per_hour: 7,
  };
  const target = {
    name: "ops",
    address: "https://x",
    state: "disabled",
    from_file: false,
    changed: "2026-01-20T10:00:00Z",
    pending: 0,
    failed: 0,
    settings,
  };
  expect(settingsOf(formOf(target))).toEqual(settings);
});

test("header fields: none typed, typed, removed; also one that is called __proto__", () => {
  const form = { ...newTarget(), kind: "webhook" as const };
  expect(settingsOf(form)).not.toHaveProperty("headers");
  expect(settingsOf({ ...form, withoutHeaders: true }).headers).toEqual({});
  const headers = [{ key: 0, name: "__proto__", value: "1" }];
  expect(JSON.stringify(settingsOf({ ...form, headers }).headers)).toBe('{"__proto__":"1"}');
});

test("a password stays, is replaced, or goes: also with its user", () => {
  const mail = { ...newTarget(), kind: "mail" as const, username: "u" };
  expect(settingsOf(mail)).not.toHaveProperty("password");
  expect(settingsOf({ ...mail, password: "p" })).toMatchObject({ username: "u", password: "p" });
  expect(settingsOf({ ...mail, withoutPassword: true }).password).toBeNull();
  expect(settingsOf({ ...mail, username: " " })).toMatchObject({ password: null });
  const pagerduty = { ...newTarget(), kind: "pagerduty" as const };
  expect(settingsOf({ ...pagerduty, withoutUrl: true }).url).toBeNull();
});

test("the token of a template stays, is replaced, or goes", () => {
  const template = { ...newTarget(), kind: "template" as const, body: "{{ token }}" };
  expect(settingsOf(template)).not.toHaveProperty("token");
  expect(settingsOf({ ...template, token: " t " }).token).toBe("t");
  expect(settingsOf({ ...template, withoutToken: true }).token).toBeNull();
  expect(settingsOf({ ...newTarget(), withoutToken: true })).not.toHaveProperty("token");
});

test("the collector's refusals are shown at their fields", () => {
  const of = (message: string) => problemOf(message, isField).field;
  expect(of("url is missing: a target of kind slack needs it")).toBe("url");
  expect(of("rules[1].query: column 3: no such field")).toBe("rules[1].query");
  expect(of("rules[0].on is empty: name at least one of broke")).toBe("rules[0].on");
  expect(of('quiet: from = "x": it must be HH:MM')).toBe("quiet");
  expect(of('the name "a b" must have from 1 to 100 letters')).toBe("name");
  expect(of("username is missing, and there is a password: name its user")).toBe("username");
  expect(of("password is missing: username needs one")).toBe("password");
  expect(of("the collector has no key to encrypt secrets with: set it")).toBeUndefined();
});

test("items keep their keys", () => {
  const make = (key: number) => ({ key });
  const two = withItem(withItem<{ key: number }>([], make), make);
  expect(withItem(withoutItem(two, 0), make).map(({ key }) => key)).toEqual([1, 2]);
});
