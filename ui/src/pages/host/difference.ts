/** The difference that a module reported (`--diff`), as lines with a sign. */

export interface DiffLine {
  sign: "-" | "+" | " " | "@";
  text: string;
}

/** Equal lines that are shown around a difference. */
const CONTEXT = 2;

/** Modules report one difference or a list of them; unknown forms are left out. */
export function diffLines(diff: unknown): DiffLine[] {
  return (Array.isArray(diff) ? diff : [diff]).flatMap(linesOf);
}

function linesOf(diff: unknown): DiffLine[] {
  if (typeof diff !== "object" || diff === null) {
    return [];
  }
  const get = (name: string): unknown => new Map<string, unknown>(Object.entries(diff)).get(name);
  const prepared = get("prepared");
  if (typeof prepared === "string") {
    return prepared.trimEnd().split("\n").map(signed);
  }
  const [before, after] = [asLines(get("before")), asLines(get("after"))];
  const heads = [get("before_header"), get("after_header")].filter((head) => typeof head === "string");
  const head: DiffLine[] = heads.length > 0 ? [{ sign: "@", text: [...new Set(heads)].join(" → ") }] : [];
  return [...head, ...changedLines(before, after)];
}

/** A line of a unified difference. */
function signed(line: string): DiffLine {
  const sign = line.charAt(0);
  if (line.startsWith("@@") || line.startsWith("+++") || line.startsWith("---")) {
    return { sign: "@", text: line };
  }
  return sign === "+" || sign === "-" ? { sign, text: line.slice(1) } : { sign: " ", text: line.slice(1) };
}

/** Everything between the first and the last line that differ; modules rarely change two distant places at once. */
function changedLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) {
    start += 1;
  }
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) {
    end += 1;
  }
  const lines = (sign: DiffLine["sign"], texts: readonly string[]) => texts.map((text) => ({ sign, text }));
  return [
    ...lines(" ", before.slice(Math.max(0, start - CONTEXT), start)),
    ...lines("-", before.slice(start, before.length - end)),
    ...lines("+", after.slice(start, after.length - end)),
    ...lines(" ", after.slice(after.length - end, after.length - end + CONTEXT)),
  ];
}

function asLines(value: unknown): string[] {
  if (value === undefined || value === null || value === "") {
    return [];
  }
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return text.replace(/\n$/, "").split("\n");
}
