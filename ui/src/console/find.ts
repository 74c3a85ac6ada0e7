/** Searching lines: in memory where all are loaded, on the server where not. */

import { plainText } from "./ansi";
import type { LineStore } from "./store";
import type { Hits, Query, Source } from "./types";

/** A search in memory lets the page breathe this often. */
const SLICE_MS = 12;

export interface Found extends Hits {
  /** Where was searched. */
  readonly where: "all" | "loaded" | "server";
}

/** The expression that finds a query's matches in the text that is shown; a text if it is no regular expression. */
export function compile(query: Query): RegExp | string {
  const pattern = query.regex ? query.text : query.text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  try {
    return new RegExp(pattern, query.caseSensitive ? "g" : "gi");
  } catch (error) {
    return error instanceof Error ? error.message : "This is no regular expression.";
  }
}

/** Finds all lines, asking the server if they are not all here. */
export async function find(
  query: Query,
  store: LineStore,
  source: Source,
  filtered: boolean,
  signal: AbortSignal,
): Promise<Found> {
  const { whole } = store.snapshot();
  if (!whole && !filtered && source.search !== undefined) {
    return { ...(await source.search(query, signal)), where: "server" };
  }
  const hits = await findLoaded(query, store, signal);
  return { hits, total: hits.length, where: whole ? "all" : "loaded" };
}

async function findLoaded(
  query: Query,
  store: LineStore,
  signal: AbortSignal,
): Promise<{ number: number }[]> {
  const expression = compile(query);
  if (typeof expression === "string") {
    throw new Error(expression);
  }
  const hits: { number: number }[] = [];
  let slice = performance.now();
  for (const lines of store.loaded()) {
    for (const { number, text } of lines) {
      expression.lastIndex = 0;
      if (expression.test(plainText(text))) {
        hits.push({ number });
      }
    }
    if (performance.now() - slice > SLICE_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
      slice = performance.now();
    }
  }
  return hits;
}

/** Index of the hit after or before a line, going round at the ends; -1 if there is none. */
export function step(hits: readonly { number: number }[], line: number, forward: boolean): number {
  if (hits.length === 0) {
    return -1;
  }
  if (forward) {
    const next = hits.findIndex((hit) => hit.number > line);
    return next === -1 ? 0 : next;
  }
  const before = hits.findLastIndex((hit) => hit.number < line);
  return before === -1 ? hits.length - 1 : before;
}

/** Places of all matches in a text; empty matches are left out. */
export function matches(expression: RegExp, text: string, most: number): [from: number, to: number][] {
  const out: [number, number][] = [];
  for (const match of text.matchAll(expression)) {
    if (match[0] !== "") {
      out.push([match.index, match.index + match[0].length]);
    }
    if (out.length >= most) {
      break;
    }
  }
  return out;
}
