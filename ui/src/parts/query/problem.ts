/** The position at which the collector found an error in a query. */

export interface QueryProblem {
  /** The position's first character, counted from 1; none if the error concerns the whole query. */
  readonly column?: number;
  /** The problem, and what to do. */
  readonly text: string;
}

/** The part of a refused request's message about the query: `q: column 8: status = "lost": it must be one of …`. */
export function queryProblem(message: string): QueryProblem {
  const found = /^q: column (\d+): (.*)$/s.exec(message);
  return found === null
    ? { text: message.replace(/^q: /, "") }
    : { column: Number(found[1]), text: found[2] ?? "" };
}

/** The text before a column. The collector counts characters, the browser UTF-16 units. */
export function beforeColumn(query: string, column: number): string {
  return Array.from(query)
    .slice(0, column - 1)
    .join("");
}
