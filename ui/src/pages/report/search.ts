import { oneOf, type RawSearch, text } from "../../app/search";
import { PERIODS, type Period } from "../../parts/periods";

/** The parameters of a report: the time before now, and which runs count. */
export interface PreviewSearch {
  /** The last seven days by default. */
  period?: Period;
  /** The time zone, by its name in the IANA database. */
  zone?: string;
  q?: string;
}

export function search(raw: RawSearch): PreviewSearch {
  return { ...oneOf(raw, "period", PERIODS), ...text(raw, "zone"), ...text(raw, "q") };
}
