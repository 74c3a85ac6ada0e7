/**
 * Splits a query into words as the collector does (docs/query.md), but never fails: the query is being typed. Only
 * the collector knows the meaning of a query, and its errors.
 */

/** Positions are in UTF-16 units, as in the text field. */
interface Part {
  readonly start: number;
  readonly end: number;
}

export interface Value extends Part {
  /** Without quotation marks and their backslashes. */
  readonly text: string;
  readonly isRegex: boolean;
}

export interface Term extends Part {
  readonly kind: "term";
  /** The name before the colon; none for a word, a phrase or a regular expression. */
  readonly field?: string;
  readonly values: readonly Value[];
}

export interface Mark extends Part {
  readonly kind: "open" | "close" | "and" | "or" | "not";
}

export type Token = Term | Mark;

const OPERATORS = new Map<string, Mark["kind"]>([
  ["AND", "and"],
  ["OR", "or"],
  ["NOT", "not"],
]);

export function tokens(query: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const rest = query.slice(at);
    const blanks = /^\s+/.exec(rest);
    if (blanks !== null) {
      at += blanks[0].length;
      continue;
    }
    const token = mark(rest, at) ?? term(query, at);
    found.push(token);
    at = token.end;
  }
  return found;
}

/** A bracket, an operator in capitals, or the minus sign before a negated term. */
function mark(rest: string, start: number): Mark | undefined {
  const symbol = rest.charAt(0);
  if (symbol === "(" || symbol === ")") {
    return { kind: symbol === "(" ? "open" : "close", start, end: start + 1 };
  }
  if (/^-\S/.test(rest)) {
    return { kind: "not", start, end: start + 1 };
  }
  const word = /^(?:AND|OR|NOT)(?=[\s()]|$)/.exec(rest)?.[0];
  const kind = word === undefined ? undefined : OPERATORS.get(word);
  return word === undefined || kind === undefined ? undefined : { kind, start, end: start + word.length };
}

function term(query: string, start: number): Term {
  const field = /^([\p{L}][\p{L}\p{N}_-]*):/u.exec(query.slice(start))?.[1];
  if (field === undefined) {
    const only = value(query, start, false);
    return { kind: "term", start, end: only.end, values: [only] };
  }
  const values: Value[] = [];
  let end = start + field.length;
  // The first value follows the colon, each further one a comma.
  do {
    const next = value(query, end + 1, true);
    values.push(next);
    end = next.end;
  } while (query.charAt(end) === ",");
  return { kind: "term", start, end, field, values };
}

/** One value; `listed`: a comma ends it. */
function value(query: string, start: number, listed: boolean): Value {
  const rest = query.slice(start);
  const phrase = /^"((?:\\["\\]|[^"])*)("|$)/.exec(rest);
  if (phrase !== null) {
    const text = (phrase[1] ?? "").replace(/\\(["\\])/g, "$1");
    return { start, end: start + phrase[0].length, text, isRegex: false };
  }
  const regex = (listed ? /^\/(?:\\.|[^/\\])+\/(?=[\s(),]|$)/ : /^\/(?:\\.|[^/\\])+\/(?=[\s()]|$)/).exec(
    rest,
  );
  const word = regex ?? (listed ? /^[^\s(),]*/ : /^[^\s()]*/).exec(rest);
  const text = word?.[0] ?? "";
  return { start, end: start + text.length, text, isRegex: regex !== null };
}
