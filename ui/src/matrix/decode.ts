/** The matrix as the API sends it, unpacked: one byte for each host and task, host by host. */
import type { components } from "../api/schema";

type OutcomeMatrix = components["schemas"]["OutcomeMatrix"];

/** The outcome of a task on a host, in the API's words. */
export type Outcome = components["schemas"]["Outcome"];

/** Every outcome, indexed by its code; a greater code is a worse outcome. */
export const OUTCOMES = [
  "absent",
  "skipped",
  "ok",
  "changed",
  "ignored",
  "rescued",
  "failed",
  "unreachable",
] as const satisfies readonly Outcome[];

/** Codes by name, for comparisons. */
export const CODE = {
  absent: 0,
  skipped: 1,
  ok: 2,
  changed: 3,
  ignored: 4,
  rescued: 5,
  failed: 6,
  unreachable: 7,
} as const satisfies Record<Outcome, number>;

const WORDS: Record<Outcome, string> = {
  absent: "no result",
  skipped: "skipped",
  ok: "ok",
  changed: "changed",
  ignored: "failed, ignored",
  rescued: "failed, rescued",
  failed: "failed",
  unreachable: "unreachable",
};

/** Outcomes of tasks (columns) on hosts (rows). */
export interface Matrix {
  readonly hosts: readonly string[];
  /** Numbers of the tasks, ascending. */
  readonly tasks: readonly number[];
  /** The code of host `h` and task `t` is at `h * tasks.length + t`. */
  readonly cells: Uint8Array;
}

/** Unpacks the API's answer. Unknown codes count as no result. */
export function decodeMatrix(answer: OutcomeMatrix): Matrix {
  const cells = new Uint8Array(answer.hosts.length * answer.tasks.length);
  // `atob` returns one character for each byte.
  const bytes = atob(answer.outcomes);
  const length = Math.min(bytes.length, cells.length);
  for (let at = 0; at < length; at += 1) {
    const code = bytes.charCodeAt(at);
    cells[at] = code < OUTCOMES.length ? code : CODE.absent;
  }
  return { hosts: answer.hosts, tasks: answer.tasks, cells };
}

/** The code of a host and a task, both by index. */
export function codeAt(matrix: Matrix, host: number, task: number): number {
  return matrix.cells[host * matrix.tasks.length + task] ?? CODE.absent;
}

/** The outcome that a code stands for. */
export function outcomeOf(code: number): Outcome {
  return OUTCOMES[code] ?? "absent";
}

/** The outcome in words. */
export function outcomeWords(code: number): string {
  return WORDS[outcomeOf(code)];
}

/** Whether it is an unhandled failure. */
export function isFailure(code: number): boolean {
  return code >= CODE.failed;
}
