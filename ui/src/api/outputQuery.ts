/**
 * The text in the console's search, in the language of docs/search.md: as a regular expression, which finds
 * parts of words.
 */

import type { Query } from "../console/types";

export function lineQuery({ text, regex, caseSensitive }: Query): string {
  const pattern = regex ? text : text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  // A slash ends the expression unless it is escaped already.
  const escaped = pattern.replace(/\\.|\//gs, (part) => (part === "/" ? "\\/" : part));
  return `/${caseSensitive ? "(?-i)" : ""}${escaped}/`;
}

/** An id contains nothing but digits, letters and dashes. */
export function quoteId(id: string): string {
  return id.replace(/[^0-9a-f-]/gi, "");
}
