/** Completions at the caret: names of fields, and their values. */
import { quoted } from "./edit";
import type { Field } from "./fields";
import { tokens } from "./lexer";

/** What is being typed at the caret. */
export interface Typed {
  /** The field whose value is being typed; none while it may be a field's name. */
  readonly field?: string;
  /** The text before the caret, with which completions must begin. */
  readonly text: string;
  /** The part of the query that a completion replaces. */
  readonly start: number;
  readonly end: number;
}

export interface Completion {
  /** The text that is inserted into the query. */
  readonly insert: string;
  /** What the list shows. */
  readonly label: string;
  readonly about?: string;
}

/** What is being typed at a caret; nothing within words without completions. */
export function typedAt(query: string, caret: number): Typed | undefined {
  const token = tokens(query).find(({ start, end }) => start < caret && caret <= end);
  if (token === undefined) {
    return { text: "", start: caret, end: caret };
  }
  if (token.kind !== "term") {
    // After an opening bracket or a minus sign, a field may begin; an operator in capitals may be a word so
    // far.
    const isWord = token.kind === "and" || token.kind === "or" || token.kind === "not";
    if (token.kind === "close" || (isWord && token.end - token.start > 1)) {
      return undefined;
    }
    return { text: "", start: caret, end: caret };
  }
  const { field } = token;
  if (field === undefined) {
    const text = query.slice(token.start, caret);
    return /^\p{L}[\p{L}\p{N}_-]*$/u.test(text) ? { text, start: token.start, end: token.end } : undefined;
  }
  const value = token.values.find(({ start, end }) => start <= caret && caret <= end);
  if (value === undefined) {
    return { text: query.slice(token.start, caret), start: token.start, end: token.start + field.length + 1 };
  }
  const text = query.slice(value.start, caret).replace(/^"/, "");
  return { field, text, start: value.start, end: value.end };
}

const MOST = 12;

/** The completions of the typed text: `values` are those of its field. */
export function completions(typed: Typed, fields: readonly Field[], values: readonly string[]): Completion[] {
  const wanted = typed.text.toLowerCase();
  if (typed.field === undefined) {
    return fields
      .filter(({ name }) => name.startsWith(wanted))
      .map(({ name, about }) => ({ insert: `${name}:`, label: `${name}:`, about }));
  }
  const begins = values.filter((value) => value.toLowerCase().startsWith(wanted));
  const holds = values.filter((value) => !begins.includes(value) && value.toLowerCase().includes(wanted));
  return [...begins, ...holds].slice(0, MOST).map((value) => ({
    insert: quoted(value),
    label: value,
  }));
}

/** The query with a completion in it, and where the caret then is. */
export function complete(query: string, typed: Typed, insert: string): { query: string; caret: number } {
  const before = query.slice(0, typed.start) + insert;
  const after = query.slice(typed.end);
  // A value is complete: the next word may begin. A field's value is still missing.
  const needsBlank = !insert.endsWith(":") && !/^[\s,)]/.test(after);
  return { query: before + (needsBlank ? " " : "") + after, caret: before.length + (needsBlank ? 1 : 0) };
}
