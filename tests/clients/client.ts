// Real calls by a client whose types are made of the OpenAPI document. See check.py.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string | undefined> };

function need<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`missing: ${what}`);
  return value;
}

function equal<T>(found: T, expected: T, what: string): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)} instead of ${String(expected)}`);
}

const baseUrl = need(process.env["PLAYBACK_URL"], "PLAYBACK_URL");
const token = need(process.env["PLAYBACK_TOKEN"], "PLAYBACK_TOKEN");
const id = need(process.env["EXECUTION_ID"], "EXECUTION_ID");
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const API = "/api/v1/ansible";

const list = await client.GET(`${API}/executions`, {
  params: { query: { status: "success", type: "playbook", start_date: "2026-01-01", limit: 10, order: "asc" } },
});
// Without fields, every record is whole; with them, any field may be missing.
type Whole = components["schemas"]["ExecutionResult"];
const entry = need(need(list.data, "the list").executions[0], "an entry") as Whole;
equal(entry.id, id, "id");
const status: "running" | "success" | "failed" = entry.status;
equal(status, "success", "status");

const detail = await client.GET(`${API}/executions/{id}`, { params: { path: { id }, query: { wait: "final" } } });
const record = need(detail.data, "the detail") as Whole;
equal(record.output?.[0], "ok: [web1]", "output");
equal(record.stats["web1"]?.ok, 1, "stats");

const named = await client.GET(`${API}/executions/{id}`, { params: { path: { id }, query: { fields: "id,stats" } } });
const part: components["schemas"]["ExecutionFields"] = need(named.data, "a part of the record");
equal(part.stats?.["web1"]?.ok, 1, "stats of a part");
equal(part.status, undefined, "status, which was not asked for");

const results = await client.GET(`${API}/executions/{id}/results`, { params: { path: { id }, query: { status: "ok" } } });
equal(need(results.data, "results").results[0]?.host, "web1", "host of a result");

const session = await client.POST(`${API}/session`, { body: { token } });
equal(need(session.data, "a session").scopes[0], "admin", "scope");

const launch = await client.POST(`${API}/playbooks/run`, { body: { playbook: "site.yml" } });
equal(need(launch.error, "an error of a launch").error.code, "disabled", "code");

const missing = await client.GET(`${API}/executions/{id}`, {
  params: { path: { id: "00000000-0000-0000-0000-000000000000" } },
});
equal(missing.response.status, 404, "status of what there is not");
equal(need(missing.error, "an error").error.code, "not_found", "code");

const stranger = createClient<paths>({ baseUrl });
const refused = await stranger.GET(`${API}/executions`);
equal(need(refused.error, "a refusal").error.code, "unauthorized", "code");
