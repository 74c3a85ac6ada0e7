/**
 * The content of the matrix: lines and columns after filters, order and folding, and the position of a host or task
 * among them.
 */
import { codeAt, isFailure, type Matrix, outcomeWords } from "./decode";
import {
  groupHosts,
  type MatrixFilter,
  type Row,
  rowName,
  rowsOf,
  type Sort,
  select,
  sortHosts,
} from "./groups";
import type { Cell } from "./layout";

/** Known properties of a task besides its number. */
export interface MatrixTask {
  number: number;
  name: string;
  /** Number of its play. */
  play: number;
}

/** The reader's settings for the matrix. */
export interface MatrixView extends MatrixFilter {
  sort: Sort;
  /** Whether hosts with the same outcomes are one line. */
  folded: boolean;
}

/** The host and the task by which the address identifies a cell. */
export interface Place {
  host: string;
  /** The task's number. */
  task: number;
}

export interface Model {
  matrix: Matrix;
  rows: readonly Row[];
  /** Indexes of the tasks that are shown. */
  columns: readonly number[];
  /** Name of each task of the matrix, by index. */
  headings: readonly string[];
  /** Columns before which another play begins. */
  plays: ReadonlySet<number>;
  /** How many hosts are shown, folded ones too. */
  hosts: number;
  /** Number of lines that would represent more than one host if all were folded. */
  groups: number;
}

/** Tasks of which only the number is known are named by it. */
export function headingsOf(matrix: Matrix, tasks: ReadonlyMap<number, MatrixTask>): string[] {
  return matrix.tasks.map((number) => tasks.get(number)?.name || `task ${number}`);
}

/** `open` has the first hosts of the groups that are unfolded. */
export function modelOf(
  matrix: Matrix,
  tasks: ReadonlyMap<number, MatrixTask>,
  view: MatrixView,
  open: ReadonlySet<number>,
): Model {
  const headings = headingsOf(matrix, tasks);
  const selection = select(matrix, headings, view);
  const hosts = sortHosts(matrix, selection, view.sort);
  const groups = view.folded ? groupHosts(matrix, hosts, selection.tasks) : hosts.map((host) => [host]);
  const playOf = (column: number | undefined) => tasks.get(matrix.tasks[column ?? -1] ?? 0)?.play;
  const plays = new Set<number>();
  selection.tasks.forEach((column, at) => {
    if (at > 0 && playOf(column) !== playOf(selection.tasks[at - 1])) {
      plays.add(at);
    }
  });
  return {
    matrix,
    rows: rowsOf(groups, open),
    columns: selection.tasks,
    headings,
    plays,
    hosts: hosts.length,
    groups: groups.filter((group) => group.length > 1).length,
  };
}

/** The cell of a host and a task, if they are shown. A folded host is found by the line that represents it. */
export function cellOf(model: Model, place: Place | undefined): Cell | undefined {
  if (!place) {
    return undefined;
  }
  const { matrix, rows, columns } = model;
  const host = matrix.hosts.indexOf(place.host);
  const task = matrix.tasks.indexOf(place.task);
  const column = columns.indexOf(task);
  let row = rows.findIndex((one) => one.host === host);
  if (row < 0 && host >= 0) {
    row = rows.findIndex((one) => one.count > 1 && isAlike(model, one.host, host));
  }
  return row >= 0 && column >= 0 ? { row, column } : undefined;
}

/** The host and task of a cell; for a folded line, the first host. */
export function placeOf(model: Model, cell: Cell): Place | undefined {
  const host = model.matrix.hosts[model.rows[cell.row]?.host ?? -1];
  const task = model.matrix.tasks[model.columns[cell.column] ?? -1];
  return host !== undefined && task !== undefined ? { host, task } : undefined;
}

/** The code of a cell. */
export function codeOf(model: Model, cell: Cell): number {
  const row = model.rows[cell.row];
  const column = model.columns[cell.column];
  return row && column !== undefined ? codeAt(model.matrix, row.host, column) : 0;
}

/** A cell in words, as a screen reader announces it. */
export function cellWords(model: Model, cell: Cell): string {
  const row = model.rows[cell.row];
  const heading = model.headings[model.columns[cell.column] ?? -1];
  if (!row || heading === undefined) {
    return "";
  }
  const name = rowName(model.matrix, row);
  const who = row.count > 1 ? name : `host ${name}`;
  return `${who}, task ${heading}: ${outcomeWords(codeOf(model, cell))}`;
}

/** The cells that failed and were neither ignored nor rescued, line by line; `limit` at most, and how many there are. */
export function failuresOf(model: Model, limit: number): { cells: Cell[]; total: number } {
  const cells: Cell[] = [];
  let total = 0;
  model.rows.forEach((row, at) => {
    model.columns.forEach((task, column) => {
      if (isFailure(codeAt(model.matrix, row.host, task))) {
        total += 1;
        if (cells.length < limit) {
          cells.push({ row: at, column });
        }
      }
    });
  });
  return { cells, total };
}

function isAlike({ matrix, columns }: Model, a: number, b: number): boolean {
  return columns.every((column) => codeAt(matrix, a, column) === codeAt(matrix, b, column));
}
