import { flag, type RawSearch, text } from "../../app/search";

/** Which run to repeat, and whether only on its failed hosts. */
export interface LaunchSearch {
  replay?: string;
  failed?: boolean;
}

export function search(raw: RawSearch): LaunchSearch {
  return { ...text(raw, "replay"), ...flag(raw, "failed") };
}
