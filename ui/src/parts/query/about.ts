/** What a query of the list is about: runs, or lines that they have (docs/query.md). */
import { LINE_FIELDS, RUN_FIELDS } from "./fields";
import { tokens } from "./lexer";

const LINE_NAMES = new Set(
  LINE_FIELDS.map(({ name }) => name).filter((name) => RUN_FIELDS.every((field) => field.name !== name)),
);

export function isAboutLines(query: string): boolean {
  return tokens(query).some(
    (token) =>
      token.kind === "term" &&
      (token.field === undefined ? token.values.some(({ isRegex }) => isRegex) : LINE_NAMES.has(token.field)),
  );
}
