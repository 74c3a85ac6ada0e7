import type { KeyboardEvent } from "react";
import type { Layout } from "./layout";
import type { CanvasProps } from "./MatrixCanvas";
import { move, nextFailure } from "./navigate";

/** What keys do in the matrix. Other keys are left to the browser. */
export function useKeys(
  { model, cursor, onCursor, onOpen, onFold }: CanvasProps,
  layout: Layout,
): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.altKey || event.metaKey) {
      return;
    }
    const cell = cursor ?? { row: 0, column: 0 };
    const { rows, columns } = model;
    const pageRows = Math.floor((layout.viewHeight - layout.head) / layout.cellHeight);
    const next =
      event.key === "n" || event.key === "N"
        ? nextFailure(model.matrix, rows, columns, cell, event.shiftKey ? -1 : 1)
        : move(cell, event, { rows: rows.length, columns: columns.length, pageRows });
    if (next) {
      onCursor(next);
    } else if (event.key === "Enter" && cursor) {
      onOpen(cursor);
    } else if (event.key === " " && cursor) {
      onFold(cursor.row);
    } else {
      return;
    }
    event.preventDefault();
  };
}
