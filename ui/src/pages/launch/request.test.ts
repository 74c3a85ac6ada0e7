import { expect, test } from "vitest";
import { emptyForm, listOf } from "../../parts/runForm/form";
import { newRequest, replayRequest, withoutSecrets } from "./request";

test("a new run sends what was filled in, and nothing else", () => {
  const form = { ...emptyForm(), playbook: "site.yml" };
  expect(newRequest(form, undefined)).toEqual({ playbook: { playbook: "site.yml" } });
  const full = { ...form, tags: "a, b,", forks: "5", check: true, vaultPassword: " x ", verbosity: "2" };
  expect(newRequest(full, { a: 1 })).toEqual({
    playbook: {
      playbook: "site.yml",
      tags: ["a", "b"],
      forks: 5,
      check: true,
      verbosity: 2,
      // A password may have blanks at its ends.
      vault_password: " x ",
      extra_vars: { a: 1 },
    },
  });
});

test("an ad-hoc command has no tags and no playbook", () => {
  const form = { ...emptyForm({ type: "adhoc" }), hosts: "web", args: "uptime", tags: "a", playbook: "b" };
  expect(newRequest(form, undefined)).toEqual({ adhoc: { hosts: "web", args: "uptime" } });
});

test("a replay sends what was changed, also what was emptied", () => {
  const before = { ...emptyForm(), playbook: "site.yml", limit: "web", tags: "a", check: true };
  expect(replayRequest(before, before, undefined)).toEqual({});
  const after = { ...before, limit: "", tags: "", check: false };
  expect(replayRequest(after, before, undefined)).toEqual({ limit: "", tags: [], check: false });
});

test("failed hosts and a limit exclude each other", () => {
  const before = { ...emptyForm(), playbook: "site.yml" };
  expect(replayRequest({ ...before, limit: "web", onlyFailed: true }, before, undefined)).toEqual({
    only_failed: true,
  });
});

test("secrets can be named", () => {
  const variableSecrets = [
    { key: 0, name: "token", secret: " cloud " },
    { key: 1, name: "", secret: "" },
  ];
  const form = { ...emptyForm({ playbook: "site.yml" }), vaultSecret: "site", variableSecrets };
  const secrets = { vault_password: "site", extra_vars: { token: "cloud" } };
  expect(newRequest(form, undefined)).toEqual({ playbook: { playbook: "site.yml", secrets } });
  expect(replayRequest(form, emptyForm({ playbook: "site.yml" }), undefined)).toEqual({ secrets });
});

test("secrets do not stay", () => {
  const form = { ...emptyForm(), vaultPassword: "a", privateKey: "b", args: "c", note: "kept" };
  expect(withoutSecrets(form)).toEqual({ ...emptyForm(), note: "kept" });
});

test("lists are separated by commas", () => {
  expect(listOf(" a ,b,,")).toEqual(["a", "b"]);
  expect(listOf("")).toEqual([]);
});
