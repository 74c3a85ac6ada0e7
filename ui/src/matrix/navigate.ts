/** How keys move the cell cursor. */
import { codeAt, isFailure, type Matrix } from "./decode";
import type { Row } from "./groups";
import type { Cell } from "./layout";

/** The meaning of a key press. */
export interface Key {
  key: string;
  ctrlKey: boolean;
}

/** The size of the matrix that is shown, and of one page of it. */
export interface Extent {
  rows: number;
  columns: number;
  pageRows: number;
}

/** Where a key moves the cursor; nothing if the key does not move it, or there is no cell. */
export function move(cell: Cell, { key, ctrlKey }: Key, extent: Extent): Cell | undefined {
  if (extent.rows === 0 || extent.columns === 0) {
    return undefined;
  }
  const lastRow = extent.rows - 1;
  const lastColumn = extent.columns - 1;
  const page = Math.max(1, extent.pageRows - 1);
  const at = (row: number, column: number): Cell => ({
    row: Math.min(lastRow, Math.max(0, row)),
    column: Math.min(lastColumn, Math.max(0, column)),
  });
  switch (key) {
    case "ArrowUp":
      return at(ctrlKey ? 0 : cell.row - 1, cell.column);
    case "ArrowDown":
      return at(ctrlKey ? lastRow : cell.row + 1, cell.column);
    case "ArrowLeft":
      return at(cell.row, ctrlKey ? 0 : cell.column - 1);
    case "ArrowRight":
      return at(cell.row, ctrlKey ? lastColumn : cell.column + 1);
    case "Home":
      return at(ctrlKey ? 0 : cell.row, 0);
    case "End":
      return at(ctrlKey ? lastRow : cell.row, lastColumn);
    case "PageUp":
      return at(cell.row - page, cell.column);
    case "PageDown":
      return at(cell.row + page, cell.column);
    default:
      return undefined;
  }
}

/** The next failure after the cursor, line by line, beginning again at the top; `step` -1 looks backwards. */
export function nextFailure(
  matrix: Matrix,
  rows: readonly Row[],
  columns: readonly number[],
  from: Cell,
  step: 1 | -1,
): Cell | undefined {
  const total = rows.length * columns.length;
  let at = from.row * columns.length + from.column;
  for (let tried = 0; tried < total; tried += 1) {
    at = (at + step + total) % total;
    const cell = { row: Math.floor(at / columns.length), column: at % columns.length };
    const host = rows[cell.row]?.host;
    const task = columns[cell.column];
    if (host !== undefined && task !== undefined && isFailure(codeAt(matrix, host, task))) {
      return cell;
    }
  }
  return undefined;
}
