import { oneOf, type RawSearch, text } from "../../app/search";

export const ACTIONS = [
  "launch",
  "replay",
  "cancel",
  "delete",
  "cleanup",
  "cleanup_ended",
  "redact",
  "pin",
  "unpin",
  "import",
  "create_token",
  "revoke_token",
  "create_schedule",
  "change_schedule",
  "delete_schedule",
  "pause_schedule",
  "resume_schedule",
  "run_schedule",
  "skip_schedule",
  "trim_audit",
  "set_target",
  "remove_target",
  "rotate_target",
  "switch_off_target",
  "give_up_delivery",
  "test_target",
  "redeliver",
  "view",
  "export",
  "save_report_schedule",
  "delete_report_schedule",
  "make_report",
  "refused",
] as const;

export type Action = (typeof ACTIONS)[number];

/** The filters of the API. A value may be undefined, which removes it from the address. */
export interface AuditSearch {
  actor?: string | undefined;
  action?: Action | undefined;
  object?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Where an older page begins. */
  cursor?: string | undefined;
}

export function search(raw: RawSearch): AuditSearch {
  return {
    ...text(raw, "actor"),
    ...oneOf(raw, "action", ACTIONS),
    ...text(raw, "object"),
    ...text(raw, "from"),
    ...text(raw, "to"),
    ...text(raw, "cursor"),
  };
}
