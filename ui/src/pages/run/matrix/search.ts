import type { RawSearch } from "../../../app/search";

/** What the address of this page holds. */
export type MatrixSearch = Record<never, never>;

export function search(_raw: RawSearch): MatrixSearch {
  return {};
}
