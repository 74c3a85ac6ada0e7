import { oneOf, type RawSearch, text } from "../../app/search";
import type { RunPreset } from "../../parts/runForm/form";

export type SchedulesSearch = Record<never, never>;

export function search(_raw: RawSearch): SchedulesSearch {
  return {};
}

/** The initial values of a new schedule. */
export function newSearch(raw: RawSearch): RunPreset {
  return {
    ...oneOf(raw, "type", ["playbook", "adhoc"]),
    ...text(raw, "playbook"),
    ...text(raw, "inventory"),
    ...text(raw, "limit"),
  };
}
