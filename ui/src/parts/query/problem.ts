/** Where in a query the collector found an error. */

export interface QueryProblem {
  /** The place's first character, counted from 1; none if the query as a whole is meant. */
  readonly column?: number;
  /** What is wrong, and what to do. */
  readonly text: string;
}

/** What the message of a refused request says of the query: `q: column 8: status = "lost": it must be one of …`. */
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
