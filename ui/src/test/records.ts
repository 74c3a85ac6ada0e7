/** Parts of records that tests use repeatedly. */
import type { HostsByOutcome, TaskResult } from "../api/types";

export const NO_HOSTS: HostsByOutcome = { failed: 0, unreachable: 0, changed: 0, idle: 0, ok: 0, skipped: 0 };

/** A successful result, except for the given properties. */
export function resultOf(more: Partial<TaskResult>): TaskResult {
  return {
    seq: 1,
    task: 1,
    task_name: "Install nginx",
    action: "apt",
    host: "web-01",
    status: "ok",
    changed: false,
    ignored: false,
    rescued: false,
    censored: false,
    delegated: false,
    loop: false,
    retried: false,
    retracted: false,
    end_time: "2026-01-20T10:00:00Z",
    ...more,
  };
}
