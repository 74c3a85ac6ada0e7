import type { RawSearch } from "../../app/search";

/** This page's part of the address. */
export type SettingsSearch = Record<never, never>;

export function search(_raw: RawSearch): SettingsSearch {
  return {};
}
