import { count, type RawSearch, text } from "../../app/search";

/** The search page's part of the address. */
export interface SearchSearch {
  /** The query (docs/search.md). */
  q?: string;
  /** Where the previous page ended; none for the newest lines. */
  cursor?: string;
  /** Lines around each line. */
  context?: number;
}

export function search(raw: RawSearch): SearchSearch {
  const { context } = count(raw, "context");
  return {
    ...text(raw, "q"),
    ...text(raw, "cursor"),
    // The API accepts at most 20.
    ...(context !== undefined && { context: Math.min(context, 20) }),
  };
}
