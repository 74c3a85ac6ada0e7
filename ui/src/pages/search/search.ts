import { count, type RawSearch, text } from "../../app/search";

/** What the address of the search holds. */
export interface SearchSearch {
  /** The query (docs/search.md). */
  q?: string;
  /** Where the page before ended; none for the newest lines. */
  cursor?: string;
  /** Lines around each line. */
  context?: number;
}

export function search(raw: RawSearch): SearchSearch {
  const { context } = count(raw, "context");
  return {
    ...text(raw, "q"),
    ...text(raw, "cursor"),
    // The API takes 20 at most.
    ...(context !== undefined && { context: Math.min(context, 20) }),
  };
}
