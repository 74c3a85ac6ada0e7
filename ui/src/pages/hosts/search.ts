import { oneOf, type RawSearch, text } from "../../app/search";

/** A host's status in its last run. */
export const HOST_STATUSES = ["failed", "unreachable", "running", "ok"] as const;

/** A value may be undefined, which removes it from the address. */
export interface HostsSearch {
  /** Part of the name, or a pattern with `*`. */
  name?: string | undefined;
  status?: (typeof HOST_STATUSES)[number] | undefined;
  /** No run has started on the host for this long: `30d`. */
  unseen?: string | undefined;
  /** Where a later page begins. */
  cursor?: string | undefined;
}

export function search(raw: RawSearch): HostsSearch {
  const { unseen } = text(raw, "unseen");
  return {
    ...text(raw, "name"),
    ...oneOf(raw, "status", HOST_STATUSES),
    ...(unseen !== undefined && /^\d+[smhdw]$/.test(unseen) && { unseen }),
    ...text(raw, "cursor"),
  };
}
