import type { RawSearch } from "../../app/search";

/** What the address of this page holds. */
export type TrendsSearch = Record<never, never>;

export function search(_raw: RawSearch): TrendsSearch {
  return {};
}
