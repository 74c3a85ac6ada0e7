/** The audit trail in words. */
import type { AuditItem, AuditVerdict } from "../../api/types";
import { integer, plural } from "../../parts/format";

const ACTION_WORDS = new Map([
  ["delete", "deleted"],
  ["pin", "pinned"],
  ["unpin", "unpinned"],
  ["import", "imported"],
  ["redact", "redacted"],
  ["cleanup", "cleanup began"],
  ["cleanup_ended", "cleanup ended"],
  ["launch", "launched"],
  ["replay", "replayed"],
  ["cancel", "canceled"],
  ["create_token", "created a token"],
  ["revoke_token", "revoked a token"],
  ["create_schedule", "created a schedule"],
  ["change_schedule", "changed a schedule"],
  ["delete_schedule", "deleted a schedule"],
  ["pause_schedule", "paused a schedule"],
  ["resume_schedule", "resumed a schedule"],
  ["run_schedule", "ran a schedule by hand"],
  ["skip_schedule", "skipped a time of a schedule"],
  ["trim_audit", "removed old entries"],
  ["set_target", "set a target of notifications"],
  ["remove_target", "removed a target of notifications"],
  ["rotate_target", "changed the secret of a target"],
  ["switch_off_target", "switched off a target that failed"],
  ["give_up_delivery", "gave up a notification"],
  ["test_target", "sent a target an example"],
  ["redeliver", "sent a notification again"],
  ["view", "looked at"],
  ["export", "exported"],
  ["save_report_schedule", "saved a schedule of reports"],
  ["delete_report_schedule", "deleted a schedule of reports"],
  ["make_report", "made a report"],
  ["refused", "was refused"],
]);

export function actionWords(action: string): string {
  return ACTION_WORDS.get(action) ?? action;
}

/** The id of the run that an entry concerns: `execution:0199…`. */
export function executionOf(object: string): string | undefined {
  return /^execution:([0-9a-f-]{36})$/.exec(object)?.[1];
}

/** The name of the object of an entry, if it has a page: `schedule:nightly`, `target:ops`. */
export function namedBy(object: string, kind: "schedule" | "target"): string | undefined {
  return object.startsWith(`${kind}:`) ? object.slice(kind.length + 1) : undefined;
}

const VIA = new Map([
  ["token", "with a token"],
  ["session", "in the browser"],
  ["open", "without a token"],
  ["command_line", "on the collector's machine"],
  ["configuration", "by the configuration file"],
  ["schedule", "by the schedule"],
]);

/** "in the browser, from 10.0.0.7". */
export function origin({ via, peer }: AuditItem["actor"]): string {
  return [VIA.get(via) ?? via, peer ? `from ${peer}` : undefined].filter(Boolean).join(", ");
}

/** The result of a verification, in a sentence. */
export function verdictWords({ is_whole, entries, faults }: AuditVerdict): string {
  if (is_whole) {
    return entries === 0
      ? "There are no entries yet"
      : `All ${plural(entries, "entry", "entries")} fit together: none was changed, removed or inserted`;
  }
  return `The trail was tampered with or damaged: ${plural(faults.length, "fault")} in ${plural(entries, "entry", "entries")}`;
}

const FAULTS = new Map([
  ["changed", "changed"],
  ["missing", "missing"],
  ["added", "inserted"],
]);

/** "Entries 4 to 7 are missing". */
export function faultWords({ fault, first, last }: AuditVerdict["faults"][number]): string {
  const word = FAULTS.get(fault) ?? fault;
  return first === last
    ? `Entry ${integer(first)} is ${word}`
    : `Entries ${integer(first)} to ${integer(last)} are ${word}`;
}
