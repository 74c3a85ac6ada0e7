import { expect, test } from "vitest";
import type { Schedule } from "../../../api/types";
import { formOf, newSchedule, requestOf } from "./form";

const SCHEDULE: Schedule = {
  name: "nightly",
  cron: "*/10 3 * * *",
  zone: "Europe/Berlin",
  overlap: "queue",
  missed: "run_once",
  jitter_seconds: 300,
  description: "Backups",
  owner: "token:ann",
  created: "2026-01-20T10:00:00Z",
  changed: "2026-01-20T10:00:00Z",
  next: [],
  past: [],
  run: {
    playbook: "site.yml",
    inventory: "prod",
    tags: ["a", "b"],
    labels: ["nightly"],
    extra_vars: { release: "1.2" },
    become: false,
    check: true,
    verbosity: 2,
    timeout: 600,
    private_key: "deploy",
    secrets: { vault_password: "site", extra_vars: { token: "cloud" } },
  },
};

test("a new schedule runs every night", () => {
  const form = { ...newSchedule({ playbook: "site.yml" }, "Europe/Berlin"), name: "nightly" };
  expect(requestOf(form, undefined)).toEqual({
    cron: "30 3 * * *",
    zone: "Europe/Berlin",
    overlap: "skip",
    missed: "skip",
    jitter_seconds: 0,
    run: { playbook: "site.yml" },
  });
});

test("what a schedule is set to comes back as it was", () => {
  const { run, cron, zone, overlap, missed, jitter_seconds, description } = SCHEDULE;
  const form = formOf(SCHEDULE);
  expect(form.run.variables.rows).toEqual([{ key: 0, name: "release", value: "1.2" }]);
  expect(requestOf(form, { release: "1.2" }, run)).toEqual({
    cron,
    zone,
    overlap,
    missed,
    jitter_seconds,
    description,
    run,
  });
});

test("values that are no texts are shown as a text of JSON", () => {
  const form = formOf({ ...SCHEDULE, run: { hosts: "web", extra_vars: { hosts: ["a"], empty: "" } } });
  expect(form.run.type).toBe("adhoc");
  expect(form.run.variables.mode).toBe("text");
  expect(JSON.parse(form.run.variables.text)).toEqual({ hosts: ["a"], empty: "" });
});
