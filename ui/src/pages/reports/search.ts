import { type RawSearch, text } from "../../app/search";

/** A value may be undefined, which removes it from the address. */
export interface ReportsSearch {
  /** Only reports of this schedule. */
  schedule?: string | undefined;
  /** Where an older page begins. */
  cursor?: string | undefined;
}

export function search(raw: RawSearch): ReportsSearch {
  return { ...text(raw, "schedule"), ...text(raw, "cursor") };
}
