/**
 * Finds plays, tasks and failures in the output of Ansible's default callback, chunk by chunk, so that only
 * the loaded text is needed. Findings of a chunk stay known when its lines leave the memory.
 */

import { plainText } from "./ansi";
import type { Line } from "./types";

export type HeadingKind = "play" | "task" | "handler" | "recap" | "notice";

export interface Heading {
  readonly kind: HeadingKind;
  /** Without the trailing stars: `TASK [web : Configure the web server]`. */
  readonly title: string;
}

/** A finding in a line that matters beyond its chunk. */
export interface Mark {
  readonly line: number;
  readonly heading?: Heading;
  readonly failure?: "failed" | "unreachable";
  /** The failure before it was ignored. */
  readonly ignoring?: boolean;
}

/** A play or a task: from its heading to the next one of its rank. */
export interface Section extends Heading {
  /** Number of the heading's line. */
  readonly from: number;
  /** Number of the line after its last known one. */
  readonly to: number;
  /** Whether its end is known: the next heading was seen. */
  readonly complete: boolean;
  readonly failed: boolean;
  readonly unreachable: boolean;
}

export interface Outline {
  /** Plays and recaps, in order. */
  readonly plays: readonly Section[];
  /** Tasks and handlers, in order. */
  readonly tasks: readonly Section[];
  /** Lines that report a failure that was not ignored, in order. */
  readonly failures: readonly number[];
}

export const EMPTY_OUTLINE: Outline = { plays: [], tasks: [], failures: [] };

const HEADING =
  /^(PLAY|TASK|RUNNING HANDLER|HANDLER|CLEANUP TASK)(?: \[(.*)\])?(?: \[CHECK MODE\])? \*{3,}\s*$/;
const RECAP = /^PLAY RECAP \*{3,}\s*$/;
const NOTICE = /^NO MORE HOSTS LEFT \*{3,}\s*$/;
const FAILURE = /^(?:fatal|failed): \[/;
const KINDS: Readonly<Record<string, HeadingKind>> = {
  PLAY: "play",
  TASK: "task",
  "CLEANUP TASK": "task",
  "RUNNING HANDLER": "handler",
  HANDLER: "handler",
};
/**
 * A heading or a status is at the start of a line, possibly after colours. Longer lines need not be parsed
 * completely.
 */
const ENOUGH = 4000;

export function headingOf(text: string): Heading | undefined {
  if (!text.includes("***")) {
    return undefined;
  }
  const plain = plainText(text.slice(0, ENOUGH));
  const title = plain.replace(/ \*{3,}\s*$/, "");
  if (RECAP.test(plain)) {
    return { kind: "recap", title };
  }
  if (NOTICE.test(plain)) {
    return { kind: "notice", title };
  }
  const kind = KINDS[HEADING.exec(plain)?.[1] ?? ""];
  return kind === undefined ? undefined : { kind, title };
}

/** The findings in these lines. */
export function scan(lines: readonly Line[]): Mark[] {
  const marks: Mark[] = [];
  for (const { number: line, text } of lines) {
    const heading = headingOf(text);
    if (heading !== undefined) {
      marks.push({ line, heading });
    } else if (text.includes("f") && /^[^a-z]*(?:\d*m)?f/.test(text.slice(0, 40))) {
      const plain = plainText(text.slice(0, ENOUGH));
      if (FAILURE.test(plain)) {
        marks.push({ line, failure: plain.includes("UNREACHABLE!") ? "unreachable" : "failed" });
      }
    } else if (text.includes("...ignoring") && plainText(text) === "...ignoring") {
      marks.push({ line, ignoring: true });
    }
  }
  return marks;
}

/** The loaded lines of a chunk: from one number up to (not including) another. */
interface LineRange {
  readonly from: number;
  readonly to: number;
  readonly marks: readonly Mark[];
}

/** Collects the findings of each chunk, in any order of loading. */
export class SectionIndex {
  private readonly chunks = new Map<number, LineRange>();
  private built: Outline | undefined;
  private last: number | undefined;

  /** Nothing follows this line: the last sections end with it. Returns whether that is new. */
  setEnd(line: number | undefined): boolean {
    const isNew = line !== this.last;
    this.last = line;
    if (isNew) {
      this.built = undefined;
    }
    return isNew;
  }

  setChunk(chunk: number, lines: readonly Line[]): void {
    const first = lines[0];
    const last = lines.at(-1);
    if (first !== undefined && last !== undefined) {
      this.chunks.set(chunk, { from: first.number, to: last.number + 1, marks: scan(lines) });
      this.built = undefined;
    }
  }

  outline(): Outline {
    this.built ??= this.build();
    return this.built;
  }

  private build(): Outline {
    const builder = new Builder();
    const order = [...this.chunks.keys()].sort((a, b) => a - b);
    let before: number | undefined;
    for (const chunk of order) {
      const known = this.chunks.get(chunk);
      if (known === undefined) {
        continue;
      }
      if (chunk !== (before ?? -1) + 1) {
        builder.gap();
      }
      for (const mark of known.marks) {
        builder.mark(mark);
      }
      builder.reach(known.to);
      before = chunk;
    }
    return builder.end(this.last);
  }
}

type Draft = { -readonly [key in keyof Section]: Section[key] };

class Builder {
  private readonly plays: Draft[] = [];
  private readonly tasks: Draft[] = [];
  private readonly failures: { line: number; of: Draft[]; kind: "failed" | "unreachable" }[] = [];
  private play: Draft | undefined;
  private task: Draft | undefined;
  private reached = 0;

  mark(mark: Mark): void {
    this.reached = mark.line;
    if (mark.heading !== undefined) {
      this.open(mark.heading, mark.line);
    } else if (mark.failure !== undefined) {
      const of = [this.play, this.task].filter((section) => section !== undefined);
      this.failures.push({ line: mark.line, of, kind: mark.failure });
    } else if (mark.ignoring) {
      this.failures.pop();
    }
  }

  reach(line: number): void {
    this.reached = Math.max(this.reached, line);
  }

  /** Text that is not loaded follows: open sections may end in it. */
  gap(): void {
    this.close(this.play, false);
    this.play = undefined;
    this.close(this.task, false);
    this.task = undefined;
  }

  /** `last`: number of the run's last line, if that is known. */
  end(last: number | undefined): Outline {
    const isComplete = last !== undefined && this.reached > last;
    this.close(this.task, isComplete);
    this.close(this.play, isComplete);
    for (const { of, kind } of this.failures) {
      for (const section of of) {
        section.failed = true;
        section.unreachable ||= kind === "unreachable";
      }
    }
    return { plays: this.plays, tasks: this.tasks, failures: this.failures.map(({ line }) => line) };
  }

  private open(heading: Heading, line: number): void {
    this.reached = line;
    this.close(this.task, true);
    this.task = undefined;
    const section: Draft = {
      ...heading,
      from: line,
      to: line + 1,
      complete: false,
      failed: false,
      unreachable: false,
    };
    if (heading.kind === "play" || heading.kind === "recap") {
      this.close(this.play, true);
      this.play = section;
      this.plays.push(section);
    } else {
      this.task = section;
      this.tasks.push(section);
    }
  }

  private close(section: Draft | undefined, complete: boolean): void {
    if (section !== undefined) {
      section.to = Math.max(section.to, this.reached);
      section.complete = complete;
    }
  }
}

/** The section that contains a line, if any. */
export function sectionAt(sections: readonly Section[], line: number): Section | undefined {
  const found = sections[firstIndex(sections, (section) => section.from > line) - 1];
  return found !== undefined && line < found.to ? found : undefined;
}

/** The sections whose heading is from one line up to another. */
export function headingsWithin(sections: readonly Section[], from: number, to: number): readonly Section[] {
  const first = firstIndex(sections, (section) => section.from >= from);
  return sections.slice(
    first,
    firstIndex(sections, (section) => section.from >= to),
  );
}

/** Index of the first item that meets a condition that no item before it and every item after it meets. */
export function firstIndex<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item === undefined || holds(item)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
