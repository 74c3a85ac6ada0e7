/** Extra variables in the form: rows of `name=value`, or a text of YAML or JSON. */

export interface VariableRow {
  /** Identifies a row while the form is open. */
  key: number;
  name: string;
  value: string;
}

export interface VariablesInput {
  mode: "rows" | "text";
  rows: readonly VariableRow[];
  text: string;
}

export const NO_VARIABLES: VariablesInput = { mode: "rows", rows: [], text: "" };

export type Variables = Record<string, unknown>;

/** An error in the variables, in words for the user. */
export class VariablesError extends Error {}

/** The variables of a request; nothing if none are typed. The YAML parser is loaded when it is needed. */
export async function readVariables(input: VariablesInput): Promise<Variables | undefined> {
  return input.mode === "rows" ? ofRows(input.rows) : ofText(input.text);
}

/** Values of rows are texts, as those of `-e name=value` are. */
function ofRows(rows: readonly VariableRow[]): Variables | undefined {
  const variables = new Map<string, string>();
  for (const row of rows) {
    const name = row.name.trim();
    if (name === "" && row.value === "") {
      continue;
    }
    if (name === "") {
      throw new VariablesError(`the value ${JSON.stringify(row.value)} has no name`);
    }
    if (row.value === "") {
      throw new VariablesError(`${name} has no value: type it, or remove the row`);
    }
    if (variables.has(name)) {
      throw new VariablesError(`${name} is there twice`);
    }
    variables.set(name, row.value);
  }
  // `fromEntries` creates properties with any name, including `__proto__`.
  return variables.size === 0 ? undefined : Object.fromEntries(variables);
}

async function ofText(text: string): Promise<Variables | undefined> {
  if (text.trim() === "") {
    return undefined;
  }
  const { parseDocument } = await import("yaml");
  // As Ansible reads it: `yes` is true. JSON is a part of YAML.
  const document = parseDocument(text, { version: "1.1", prettyErrors: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new VariablesError(problem.message.split("\n")[0]?.replace(/:$/, "") ?? "this is no YAML");
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value === null) {
    return undefined;
  }
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new VariablesError("names with values are needed, such as version: 1.2");
  }
  return Object.fromEntries(Object.entries(value));
}
