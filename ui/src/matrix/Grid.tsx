import type { KeyboardEvent, ReactElement, Ref } from "react";
import { rowName } from "./groups";
import type { Cell } from "./layout";
import { cellWords, type Model } from "./model";

interface Props {
  id: string;
  model: Model;
  cursor: Cell | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
  onFocus: () => void;
  ref: Ref<HTMLTableElement>;
}

/**
 * The matrix for screen readers, and the element that handles keys: a grid with only the cursor's line in the
 * document. A million cells would be too many for any browser.
 */
export function Grid({ id, model, cursor, onKeyDown, onFocus, ref }: Props): ReactElement {
  const row = cursor && model.rows[cursor.row];
  const active = cursor && row ? `${id}-${cursor.row}-${cursor.column}` : undefined;
  return (
    <table
      ref={ref}
      className="pb-matrix__grid"
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: keys move between its cells, so it is a grid
      role="grid"
      tabIndex={0}
      aria-label="How each task ended on each host"
      aria-describedby={`${id}-help`}
      aria-rowcount={model.rows.length + 1}
      aria-colcount={model.columns.length + 1}
      aria-readonly="true"
      aria-activedescendant={active}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" aria-colindex={1}>
            Host
          </th>
          {cursor && (
            <th scope="col" aria-colindex={cursor.column + 2}>
              {model.headings[model.columns[cursor.column] ?? -1]}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {cursor && row && (
          <tr aria-rowindex={cursor.row + 2}>
            <th scope="row" aria-colindex={1}>
              {rowName(model.matrix, row)}
            </th>
            {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: a cell of a grid can be selected */}
            <td key={active} id={active} aria-colindex={cursor.column + 2} aria-selected="true">
              {cellWords(model, cursor)}
              {row.count > 1 && ". Space shows each host."}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
