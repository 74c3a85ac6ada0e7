import { flag, oneOf, type RawSearch } from "../../app/search";

/** What the address of a comparison holds, beside the runs. */
export interface CompareSearch {
  /** The earlier run that is used if only one is named: by default, the last good one. */
  with?: "last_good" | "previous";
  /** Whether lists are shown at the API's maximum length. */
  all?: boolean;
}

export function search(raw: RawSearch): CompareSearch {
  return { ...oneOf(raw, "with", ["last_good", "previous"] as const), ...flag(raw, "all") };
}
