/** The data that a module returned, sorted by what users look for first. */

/** A JSON object as a map: a field may be called `__proto__`. */
export type Fields = ReadonlyMap<string, unknown>;

/** Known data about a result or a loop item, beyond its outcome. */
export interface Content {
  /** Everything that the module returned. */
  all: Fields;
  message: string | undefined;
  /** The traceback, or the module's own error text if it crashed. */
  exception: string | undefined;
  stdout: string | undefined;
  stderr: string | undefined;
  /** The command that ran, as it would be typed. */
  command: string | undefined;
  exitCode: number | undefined;
  /** Differences that the module reported. */
  diffs: readonly Fields[];
  warnings: readonly string[];
  /** The other fields, in the module's order. */
  others: readonly (readonly [string, unknown])[];
}

/** An event's data about a result or a loop item. */
export interface ResultEvent {
  content: Content;
  status: string;
  isChanged: boolean;
  isCensored: boolean;
  attempts: number | undefined;
  /** Number of loop items that Ansible counted. */
  items: number | undefined;
  /** The event cannot be read: its log is damaged. */
  isDamaged: boolean;
}

/** Fields that are shown elsewhere, or that repeat others. */
const SHOWN = new Set([
  "msg",
  "reason",
  "exception",
  "module_stdout",
  "module_stderr",
  "stdout",
  "stderr",
  "stdout_lines",
  "stderr_lines",
  "cmd",
  "rc",
  "diff",
  "warnings",
  "deprecations",
  "changed",
  "failed",
  "skipped",
  "unreachable",
  "censored",
  "ansible_loop_var",
]);

/** Parses an event of the kind `result` or `item`. */
export function readEvent(event: unknown): ResultEvent {
  const outer = fieldsOf(event);
  const data = fieldsOf(outer.get("data"));
  const content = readContent(data.get("content"));
  return {
    content,
    status: textOf(data.get("status")) ?? "ok",
    isChanged: data.get("changed") === true || content.all.get("changed") === true,
    isCensored: data.get("censored") === true,
    attempts: numberOf(data.get("attempts")),
    items: numberOf(data.get("items")),
    isDamaged: outer.get("kind") === "damaged",
  };
}

export function readContent(value: unknown): Content {
  const all = fieldsOf(value);
  const text = (name: string) => textOf(all.get(name));
  const loopVariable = text("ansible_loop_var");
  return {
    all,
    message: text("msg") ?? text("reason") ?? text("censored"),
    exception: text("exception") ?? text("module_stderr"),
    stdout: text("stdout") ?? text("module_stdout") ?? lines(all.get("stdout_lines")),
    stderr: text("stderr") ?? lines(all.get("stderr_lines")),
    command: commandOf(all.get("cmd")),
    exitCode: numberOf(all.get("rc")),
    diffs: listOf(all.get("diff"))
      .map(fieldsOf)
      .filter((diff) => diff.size > 0),
    warnings: [...listOf(all.get("warnings")), ...listOf(all.get("deprecations"))].flatMap(
      (warning) => textOf(fieldsOf(warning).get("msg")) ?? textOf(warning) ?? [],
    ),
    others: [...all].filter(
      ([name, field]) =>
        !SHOWN.has(name) &&
        name !== loopVariable &&
        !name.startsWith("_ansible_") &&
        textOf(field) !== undefined,
    ),
  };
}

/** The name of a loop item, as Ansible labels it. */
export function itemLabel(content: Content): string | undefined {
  const variable = textOf(content.all.get("ansible_loop_var")) ?? "item";
  for (const name of ["_ansible_item_label", variable, "item"]) {
    const label = textOf(content.all.get(name));
    if (label !== undefined) {
      return label;
    }
  }
  return undefined;
}

/** A value as text, if it is not empty: strings unchanged, others as JSON. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.trim() === "" || text === "[]" || text === "{}" ? undefined : text;
}

/** The fields of an object; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return new Map(
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [],
  );
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    return value;
  }
  return value === undefined || value === null ? [] : [value];
}

function lines(value: unknown): string | undefined {
  return textOf(listOf(value).map(String).join("\n"));
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A list of words is quoted where a shell needs it. */
function commandOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) {
    return textOf(value);
  }
  const words = value.map(String);
  return textOf(
    words
      .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
      .join(" "),
  );
}
