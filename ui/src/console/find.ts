/** Searches lines: in memory if all are loaded, otherwise on the server. */

import { plainText } from "./ansi";
import { effortOf, isQuick } from "./effort";
import type { LineStore } from "./store";
import type { Hits, Query, Source } from "./types";

/** How often a search in memory yields to the page. */
const SLICE_MS = 12;

export interface FindResult extends Hits {
  /** Where the search took place. */
  readonly where: "all" | "loaded" | "server";
}

/** The expression that matches a query in the displayed text; a text if it is not a regular expression. */
export function compile(query: Query): RegExp | string {
  const pattern = query.regex ? query.text : query.text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  try {
    return new RegExp(pattern, query.caseSensitive ? "g" : "gi");
  } catch (error) {
    return error instanceof Error ? error.message : "This is no regular expression.";
  }
}

/** Shown if the server, which is never too slow, cannot be used: it cannot search a single stream. */
const TOO_SLOW =
  "This expression may take too long here: use fewer * and +, repeat no group, or show both streams.";

/** Finds all lines, on the server if not all are loaded, or if the page could freeze. */
export async function find(
  query: Query,
  store: LineStore,
  source: Source,
  filtered: boolean,
  signal: AbortSignal,
): Promise<FindResult> {
  const { whole } = store.snapshot();
  const search = filtered ? undefined : source.search;
  if (whole || search === undefined) {
    const hits = await findLoaded(query, store, signal);
    if (hits !== undefined) {
      return { hits, total: hits.length, where: whole ? "all" : "loaded" };
    }
  }
  if (search === undefined) {
    throw new Error(TOO_SLOW);
  }
  return { ...(await search(query, signal)), where: "server" };
}

/** The lines in memory that match; nothing if one of them may take too long. */
async function findLoaded(
  query: Query,
  store: LineStore,
  signal: AbortSignal,
): Promise<{ number: number }[] | undefined> {
  const expression = compile(query);
  if (typeof expression === "string") {
    throw new Error(expression);
  }
  const effort = effortOf(expression.source);
  const hits: { number: number }[] = [];
  let slice = performance.now();
  for (const lines of store.loaded()) {
    for (const { number, text } of lines) {
      const plain = plainText(text);
      if (query.regex && !isQuick(effort, plain.length)) {
        return undefined;
      }
      expression.lastIndex = 0;
      if (expression.test(plain)) {
        hits.push({ number });
      }
      if (query.regex && performance.now() - slice > SLICE_MS) {
        slice = await breathe(signal);
      }
    }
    if (performance.now() - slice > SLICE_MS) {
      slice = await breathe(signal);
    }
  }
  return hits;
}

/** Lets the page draw; returns when the page continues. */
async function breathe(signal: AbortSignal): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
  return performance.now();
}

/** Index of the hit after or before a line, wrapping around at the ends; -1 if there is none. */
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

/** Positions of all matches in a text; empty matches are left out. */
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
