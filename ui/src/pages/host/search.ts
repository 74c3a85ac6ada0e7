import { flag, oneOf, type RawSearch, text } from "../../app/search";

export const TABS = ["runs", "changes", "facts", "groups"] as const;
export type Tab = (typeof TABS)[number];

/** How far back changes of facts are listed. */
export const SPANS = ["7d", "30d", "90d", "365d"] as const;

/** How far back changes of the host are shown. */
export const PERIODS = ["all", "24h", "7d", "30d"] as const;
export type Period = (typeof PERIODS)[number];

/** The default period: recent changes are what users mostly look for. */
export const USUAL_PERIOD = "7d" satisfies Period;

/** A value may be undefined, which removes it from the address. */
export interface HostSearch {
  tab?: Tab | undefined;
  /** Where a later page of the tab begins. */
  cursor?: string | undefined;
  /** How far back changes are shown; without, the usual period. */
  period?: Period | undefined;
  /** Whether changes are listed one by one; without, they are counted by task. */
  view?: "list" | undefined;
  /** Whether listed changes are shown with their messages and differences. */
  content?: boolean | undefined;
  /** Whether facts are shown at a time, or their changes. */
  facts?: "changes" | undefined;
  /** Part of a fact's name or value. */
  find?: string | undefined;
  /** The time of the facts: a date, or RFC 3339. */
  at?: string | undefined;
  /** Changes of facts since: a span such as `30d`, or a time. */
  since?: string | undefined;
}

export function search(raw: RawSearch): HostSearch {
  return {
    ...oneOf(raw, "tab", TABS),
    ...text(raw, "cursor"),
    ...oneOf(raw, "period", PERIODS),
    ...oneOf(raw, "view", ["list"]),
    ...flag(raw, "content"),
    ...oneOf(raw, "facts", ["changes"]),
    ...text(raw, "find"),
    ...text(raw, "at"),
    ...text(raw, "since"),
  };
}
