/** Differences that modules report with `--diff`, as lines with signs. */
import { type Fields, textOf } from "./content";

/** A line of a difference. */
export interface DiffLine {
  kind: "same" | "added" | "removed" | "head" | "note";
  text: string;
}

/** Lines that are shown around a change. */
const CONTEXT = 3;

/** Maximum product of lines that are compared one by one; larger parts are shown as replaced. */
const COMPARED = 4_000_000;

/** One reported difference: `prepared` text, or texts or values before and after. */
export function diffLines(diff: Fields): DiffLine[] {
  const prepared = textOf(diff.get("prepared"));
  if (prepared !== undefined) {
    return split(prepared).map(preparedLine);
  }
  const notes = noteLines(diff);
  if (!diff.has("before") && !diff.has("after")) {
    return notes;
  }
  const head: DiffLine[] = [
    { kind: "head", text: `--- ${textOf(diff.get("before_header")) ?? "before"}` },
    { kind: "head", text: `+++ ${textOf(diff.get("after_header")) ?? "after"}` },
  ];
  return [...notes, ...head, ...compareLines(linesOf(diff.get("before")), linesOf(diff.get("after")))];
}

/** The lines of two texts with what was added and removed; long parts that are the same are left out. */
export function compareLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) {
    start += 1;
  }
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  const same = (texts: readonly string[]): DiffLine[] => texts.map((text) => ({ kind: "same", text }));
  return shortened([
    ...same(before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ]);
}

/** By the longest common subsequence. */
function compareMiddle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: "removed", text });
  const added = (text: string): DiffLine => ({ kind: "added", text });
  if (before.length * after.length > COMPARED) {
    return [...before.map(removed), ...after.map(added)];
  }
  const width = after.length + 1;
  const common = new Uint16Array((before.length + 1) * width);
  const at = (b: number, a: number) => common[b * width + a] ?? 0;
  for (let b = before.length - 1; b >= 0; b -= 1) {
    for (let a = after.length - 1; a >= 0; a -= 1) {
      common[b * width + a] =
        before[b] === after[a] ? at(b + 1, a + 1) + 1 : Math.max(at(b + 1, a), at(b, a + 1));
    }
  }
  const lines: DiffLine[] = [];
  let b = 0;
  let a = 0;
  while (b < before.length || a < after.length) {
    const [one, other] = [before[b], after[a]];
    if (one !== undefined && one === other) {
      lines.push({ kind: "same", text: one });
      b += 1;
      a += 1;
    } else if (one !== undefined && (other === undefined || at(b + 1, a) >= at(b, a + 1))) {
      lines.push(removed(one));
      b += 1;
    } else if (other !== undefined) {
      lines.push(added(other));
      a += 1;
    }
  }
  return lines;
}

/** Leaves out equal lines, except for some around each change. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, at) => {
    if (line.kind !== "same") {
      near.fill(1, Math.max(0, at - CONTEXT), at + CONTEXT + 1);
    }
  });
  const shown: DiffLine[] = [];
  let left = 0;
  lines.forEach((line, at) => {
    if (near[at] === 1) {
      if (left > 0) {
        shown.push({ kind: "note", text: leftOut(left) });
      }
      left = 0;
      shown.push(line);
    } else {
      left += 1;
    }
  });
  if (left > 0) {
    shown.push({ kind: "note", text: leftOut(left) });
  }
  return shown;
}

function leftOut(count: number): string {
  return `${count} ${count === 1 ? "line" : "lines"} the same`;
}

function preparedLine(text: string): DiffLine {
  if (/^(---|\+\+\+|@@|diff |index )/.test(text)) {
    return { kind: "head", text };
  }
  if (text.startsWith("+")) {
    return { kind: "added", text: text.slice(1) };
  }
  return text.startsWith("-")
    ? { kind: "removed", text: text.slice(1) }
    : { kind: "same", text: text.replace(/^ /, "") };
}

/** Ansible's text in place of a difference if a file is binary or too large. */
function noteLines(diff: Fields): DiffLine[] {
  const notes: string[] = [];
  for (const [name, words] of [
    ["src_binary", "the new file is binary"],
    ["dst_binary", "the file was binary"],
    ["src_larger", "the new file is larger than"],
    ["dst_larger", "the file was larger than"],
  ] as const) {
    const value = diff.get(name);
    if (value !== undefined) {
      notes.push(typeof value === "number" && name.endsWith("larger") ? `${words} ${value} bytes` : words);
    }
  }
  return notes.map((text) => ({ kind: "note", text }));
}

/** A text by lines, or a value as indented JSON. */
function linesOf(value: unknown): string[] {
  if (value === undefined || value === null || value === "") {
    return [];
  }
  return split(typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function split(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}
