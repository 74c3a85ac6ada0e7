import { flag, oneOf, type RawSearch } from "../../app/search";

/** What the address of a comparison holds, beside the runs. */
export interface CompareSearch {
  /** The earlier run that is taken where only one is named: the last good one, unless said otherwise. */
  with?: "last_good" | "previous";
  /** Whether lists are shown as long as the API gives them. */
  all?: boolean;
}

export function search(raw: RawSearch): CompareSearch {
  return { ...oneOf(raw, "with", ["last_good", "previous"] as const), ...flag(raw, "all") };
}
