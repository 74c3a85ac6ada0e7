import { expect, test } from "vitest";
import type { Execution } from "../../api/types";
import { NO_HOSTS } from "../../test/records";
import { failedHosts, prefilled } from "./prefill";

const RUN: Execution = {
  id: "01a22b65-afcb-74fd-842c-115213d2ee17",
  type: "playbook",
  status: "failed",
  phase: "finished",
  start_time: "2026-01-20T10:00:00Z",
  queued_time: "2026-01-20T09:59:59Z",
  playbook: "deploy.yml",
  inventory: "/srv/inventories/prod",
  cwd: "/srv/playbooks",
  tags: ["a", "b"],
  extra_var_names: ["release"],
  failed: ["web-01"],
  unreachable: ["web-01", "db-01"],
  limit: "web",
  stats: {},
  hosts_by_outcome: NO_HOSTS,
  changed: false,
  output_lines: 0,
  results: 0,
  events: { received: 1, complete: true },
};

const PLAYBOOKS = [{ name: "deploy.yml", path: "/srv/playbooks/deploy.yml" }];
const INVENTORIES = [{ name: "prod", path: "/srv/inventories/prod" }];

test("paths of the record become names of the request", () => {
  const form = prefilled(RUN, false, PLAYBOOKS, INVENTORIES);
  expect(form).toMatchObject({ playbook: "deploy.yml", inventory: "prod", tags: "a,b", limit: "web" });
  expect(form.variables.rows).toEqual([{ key: 0, name: "release", value: "" }]);
  expect(prefilled(RUN, false, [], []).inventory).toBe("/srv/inventories/prod");
});

test("failed hosts: by the collector where it launched the run, else by name", () => {
  expect(failedHosts(RUN)).toEqual(["web-01", "db-01"]);
  expect(prefilled(RUN, true, [], [])).toMatchObject({ onlyFailed: true, limit: "web" });
  const recorded = { ...RUN, queued_time: null };
  expect(prefilled(recorded, true, [], [])).toMatchObject({ onlyFailed: false, limit: "web-01,db-01" });
});
