import { flag, oneOf, type RawSearch, text } from "../../app/search";

export const TYPES = ["playbook", "adhoc"] as const;

/** Which run to repeat, and whether only on its failed hosts; or the initial values of a new run. */
export interface LaunchSearch {
  replay?: string;
  failed?: boolean;
  type?: (typeof TYPES)[number];
  playbook?: string;
  inventory?: string;
  limit?: string;
}

export function search(raw: RawSearch): LaunchSearch {
  return {
    ...text(raw, "replay"),
    ...flag(raw, "failed"),
    ...oneOf(raw, "type", TYPES),
    ...text(raw, "playbook"),
    ...text(raw, "inventory"),
    ...text(raw, "limit"),
  };
}
