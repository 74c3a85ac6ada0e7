import type { ReactElement } from "react";
import { Name } from "../parts/Name";
import { outcomeWords } from "./decode";
import { rowName } from "./groups";
import type { Cell, Layout } from "./layout";
import { codeOf, type Model } from "./model";

interface Props {
  model: Model;
  cell: Cell;
  /** The pointer, from the corner of the canvas. */
  x: number;
  y: number;
  layout: Layout;
}

/** The names under the pointer, in full: on the canvas they may be cut. */
export function Tip({ model, cell, x, y, layout }: Props): ReactElement {
  const row = model.rows[cell.row];
  const column = model.columns[cell.column];
  const side = x > layout.viewWidth / 2 ? { right: layout.viewWidth - x + 12 } : { left: x + 12 };
  const height = y > layout.viewHeight / 2 ? { bottom: layout.viewHeight - y + 12 } : { top: y + 12 };
  return (
    <div className="pb-matrix__tip" role="presentation" style={{ ...side, ...height }}>
      {row && (
        <div>
          <Name>{rowName(model.matrix, row)}</Name>
        </div>
      )}
      {column !== undefined && (
        <div>
          {model.matrix.tasks[column]}. <Name>{model.headings[column]}</Name>
        </div>
      )}
      {row && column !== undefined && <strong>{outcomeWords(codeOf(model, cell))}</strong>}
      {row && column === undefined && row.size > 1 && (
        <div>Press to {row.count > 1 ? "show" : "fold"} the hosts</div>
      )}
    </div>
  );
}
