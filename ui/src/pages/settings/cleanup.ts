/** The form of a cleanup, its conversion into a request, and the answer in words. */
import type { CleanupAnswer, CleanupRequest } from "../../api/types";
import { plural } from "../../parts/format";

export interface CleanupForm {
  /** Whether the rules of the configuration apply, instead of the limits below. */
  isConfigured: boolean;
  days: string;
  runs: string;
  bytes: string;
  payloadDays: string;
  atLeast: string;
  /** Only runs of this playbook, with this label, with this status. */
  playbook: string;
  label: string;
  status: "" | "success" | "failed";
}

export const EMPTY: CleanupForm = {
  isConfigured: true,
  days: "",
  runs: "",
  bytes: "",
  payloadDays: "",
  atLeast: "",
  playbook: "",
  label: "",
  status: "",
};

export function cleanupRequest(form: CleanupForm): CleanupRequest {
  if (form.isConfigured) {
    return {};
  }
  return {
    ...(form.days !== "" && { retention_days: Number(form.days) }),
    ...(form.runs !== "" && { keep_runs: Number(form.runs) }),
    ...(form.bytes.trim() !== "" && { keep_bytes: form.bytes.trim() }),
    ...(form.payloadDays !== "" && { keep_payload_days: Number(form.payloadDays) }),
    ...(form.atLeast !== "" && { keep_at_least: Number(form.atLeast) }),
    ...(form.playbook.trim() !== "" && { playbook: form.playbook.trim() }),
    ...(form.label.trim() !== "" && { label: form.label.trim() }),
    ...(form.status !== "" && { status: form.status }),
  };
}

/** Whether there is a limit: filters alone delete nothing. */
export function hasLimit({ isConfigured, days, runs, bytes, payloadDays }: CleanupForm): boolean {
  return isConfigured || [days, runs, bytes, payloadDays].some((limit) => limit.trim() !== "");
}

/** "168 runs would be deleted, and the output of 3 more: 248 kB of logs". */
export function answerWords({ dry_run, deleted, payloads_removed, bytes_freed }: CleanupAnswer): string {
  const be = (count: number) => (dry_run ? "would be" : count === 1 ? "was" : "were");
  if (deleted + payloads_removed === 0) {
    return dry_run ? "Nothing would be deleted" : "Nothing was deleted";
  }
  const parts = [
    deleted > 0 ? `${plural(deleted, "run")} ${be(deleted)} deleted` : undefined,
    payloads_removed > 0
      ? `the output of ${plural(payloads_removed, "run")} ${be(1)} deleted, their records stay`
      : undefined,
  ].filter((part) => part !== undefined);
  return `${parts.join("; ")}: ${bytes(bytes_freed)} of logs`;
}

/** What was kept although a limit applied. */
export function keptWords({ kept_pinned, kept_running, passed_over }: CleanupAnswer): string {
  return [
    kept_pinned > 0 ? `${plural(kept_pinned, "run")} kept because pinned` : undefined,
    kept_running > 0 ? `${plural(kept_running, "run")} kept because running or waiting` : undefined,
    passed_over > 0
      ? `${plural(passed_over, "run")} changed meanwhile: the next cleanup checks again`
      : undefined,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "248 kB", in powers of 1000. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
