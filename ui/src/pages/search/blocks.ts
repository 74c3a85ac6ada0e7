/** Groups the lines found: by run, and within a run those whose surrounding lines meet. */
import type { SearchHit } from "../../api/types";

export interface Line {
  /** Counted from 0, as the API counts. */
  readonly number: number;
  /** Every second part is a match; a line of the surroundings is one part. */
  readonly parts: readonly string[];
}

/** Successive lines of one source: printed, or in one field of one result. */
export interface Block {
  readonly in: string;
  readonly seq: number;
  readonly lines: Line[];
  /** Hosts and tasks of the lines that were found. */
  readonly hosts: string[];
  readonly tasks: NonNullable<SearchHit["task"]>[];
  /** Number of the first line that was found. */
  readonly first: number;
  readonly time: string;
}

export interface RunBlocks {
  readonly run: SearchHit["execution"];
  readonly blocks: Block[];
}

export function byRun(hits: readonly SearchHit[]): RunBlocks[] {
  const runs: RunBlocks[] = [];
  for (const hit of hits) {
    let last = runs.at(-1);
    if (last?.run.id !== hit.execution.id) {
      last = { run: hit.execution, blocks: [] };
      runs.push(last);
    }
    add(last.blocks, hit);
  }
  return runs;
}

function add(blocks: Block[], hit: SearchHit): void {
  const lines = linesOf(hit);
  let block = blocks.findLast((one) => isAt(one, hit));
  if (block === undefined || !touches(block, lines)) {
    const { in: place, seq, line: first, time } = hit;
    block = { in: place, seq, first, time, lines: [], hosts: [], tasks: [] };
    blocks.push(block);
  }
  merge(block.lines, lines);
  const { host, task } = hit;
  if (host && !block.hosts.includes(host)) {
    block.hosts.push(host);
  }
  if (task && block.tasks.every(({ number }) => number !== task.number)) {
    block.tasks.push(task);
  }
}

/** Printed lines have one source, though each batch of them is a separate event. */
function isAt(block: Block, hit: SearchHit): boolean {
  return block.in === hit.in && (hit.in === "output" || block.seq === hit.seq);
}

function linesOf({ line, parts, before = [], after = [] }: SearchHit): Line[] {
  const around = (texts: readonly string[], first: number) =>
    texts.map((text, index) => ({ number: first + index, parts: [text] }));
  return [...around(before, line - before.length), { number: line, parts }, ...around(after, line + 1)];
}

function touches(block: Block, lines: readonly Line[]): boolean {
  const [from, to] = [lines.at(0)?.number ?? 0, lines.at(-1)?.number ?? 0];
  const [first, last] = [block.lines.at(0)?.number ?? 0, block.lines.at(-1)?.number ?? 0];
  return from <= last + 1 && to >= first - 1;
}

/** Adds lines in their order. A line with matches replaces the same line in the context of another. */
function merge(into: Line[], lines: readonly Line[]): void {
  for (const line of lines) {
    const at = into.findIndex(({ number }) => number >= line.number);
    const there = into[at];
    if (there === undefined) {
      into.push(line);
    } else if (there.number !== line.number) {
      into.splice(at, 0, line);
    } else if (line.parts.length > there.parts.length) {
      into[at] = line;
    }
  }
}
