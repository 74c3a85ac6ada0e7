/** Changes of a query by buttons: filters are written into the query, so that it contains the whole selection. */
import { type Term, type Token, tokens } from "./lexer";

/** A value after `field:`, in quotation marks if it contains special characters. */
export function quoted(value: string): string {
  const isPlain = /^[\p{L}\p{N}_./][\p{L}\p{N}_./+@-]*$/u.test(value) && !/^\/.*\/$/.test(value);
  return isPlain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** The values that every run or line found has: those of fields that are not in brackets, negated or alternatives. */
export function filters(query: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { field, values } of required(tokens(query))) {
    if (field !== undefined) {
      found.set(field, [...(found.get(field) ?? []), ...values.map(({ text }) => text)]);
    }
  }
  return found;
}

/** The query with one more filter, in place of those of the same field. */
export function withFilter(query: string, field: string, value: string): string {
  const rest = withoutField(query, field);
  const written = `${field}:${quoted(value)}`;
  if (rest === "") {
    return written;
  }
  // AND binds more tightly than OR: without brackets, the filter would only belong to the last alternative.
  return hasAlternatives(tokens(rest)) ? `(${rest}) ${written}` : `${rest} ${written}`;
}

/** The query without the filters of a field. */
export function withoutField(query: string, field: string): string {
  const all = tokens(query);
  return without(
    query,
    required(all).filter((term) => term.field === field),
  );
}

/** The query without one value of a field; the other values of a list stay. */
export function withoutFilter(query: string, field: string, value: string): string {
  const terms = required(tokens(query)).filter((term) => term.field === field);
  const kept = terms.flatMap((term) => term.values.map(({ text }) => text)).filter((text) => text !== value);
  const rest = without(query, terms);
  return kept.length === 0 ? rest : `${rest} ${field}:${kept.map(quoted).join(",")}`.trim();
}

function without(query: string, terms: readonly Term[]): string {
  let text = query;
  // From the end, so that the positions of the others stay valid.
  for (const { start, end } of terms.toReversed()) {
    text = `${text.slice(0, start).trimEnd()} ${text.slice(end).trimStart()}`;
  }
  const trimmed = text.trim();
  // `a AND host:x` without its filter would end with an operator.
  return trimmed
    .replace(/^AND(?=\s|$)\s*|(?<=\s|^)AND$/g, "")
    .replace(/(?<=\s)AND\s+AND(?=\s)/g, "AND")
    .trim();
}

/** The terms that must hold in any case. */
function required(all: readonly Token[]): Term[] {
  if (hasAlternatives(all)) {
    return [];
  }
  let depth = 0;
  const terms: Term[] = [];
  for (const [index, token] of all.entries()) {
    if (token.kind === "open") {
      depth += 1;
    } else if (token.kind === "close") {
      depth -= 1;
    } else if (token.kind === "term" && depth === 0 && all[index - 1]?.kind !== "not") {
      terms.push(token);
    }
  }
  return terms;
}

/** Whether there is an OR outside of brackets. */
function hasAlternatives(all: readonly Token[]): boolean {
  let depth = 0;
  return all.some((token) => {
    depth += token.kind === "open" ? 1 : token.kind === "close" ? -1 : 0;
    return token.kind === "or" && depth === 0;
  });
}
