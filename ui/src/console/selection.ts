/** `#L120` and `#L120-L140` in the address: numbers from 1, as shown; spans count from 0. */

import type { LineSpan } from "./types";

const HASH = /^#?L([1-9]\d{0,8})(?:-L?([1-9]\d{0,8}))?$/;

export function parseHash(hash: string): LineSpan | undefined {
  const match = HASH.exec(hash);
  if (match === null) {
    return undefined;
  }
  const one = Number(match[1]) - 1;
  return spanOf(one, match[2] === undefined ? one : Number(match[2]) - 1);
}

/** Without the `#`, as routers want it. */
export function formatHash(span: LineSpan): string {
  return span.from === span.to ? `L${span.from + 1}` : `L${span.from + 1}-L${span.to + 1}`;
}

export function spanOf(one: number, other: number): LineSpan {
  return { from: Math.min(one, other), to: Math.max(one, other) };
}

/** What a reader types to go to a line: `120`, `120-140`, `L120`. */
export function parseTyped(text: string): LineSpan | undefined {
  const trimmed = text.trim().replace(/^#?l?/i, "L").replace(/\s+/g, "");
  return parseHash(trimmed.replace(/-l/i, "-L"));
}

/** The selection after a click on a line's number; with Shift it is extended. */
export function clicked(
  before: LineSpan | undefined,
  anchor: number | undefined,
  line: number,
  extend: boolean,
) {
  if (!extend || before === undefined) {
    return { from: line, to: line };
  }
  return spanOf(anchor ?? before.from, line);
}
