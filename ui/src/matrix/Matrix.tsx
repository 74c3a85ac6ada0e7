/**
 * Hosts × tasks of a run on a canvas.
 *
 * It gets an unpacked `Matrix` (decode.ts) and the names of its tasks; the reader's choices are passed to callbacks, so
 * that a page can keep them in the address. Everything except the drawing is in modules without React: groups.ts
 * (filter, order, folding), layout.ts (where cells are), navigate.ts (keys), paint.ts and raster.ts (drawing).
 */
import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { type ReactElement, type ReactNode, useCallback, useMemo, useState } from "react";
import type { Matrix as Outcomes } from "./decode";
import { FailureTable } from "./FailureTable";
import { Legend } from "./Legend";
import type { Cell, Zoom } from "./layout";
import { MatrixCanvas } from "./MatrixCanvas";
import {
  cellOf,
  codeOf,
  type MatrixTask,
  type MatrixView,
  type Model,
  modelOf,
  type Place,
  placeOf,
} from "./model";
import { Toolbar } from "./Toolbar";
import "./matrix.css";

export interface MatrixProps {
  matrix: Outcomes;
  /** By number; tasks may be missing. */
  tasks: ReadonlyMap<number, MatrixTask>;
  view: MatrixView;
  zoom: Zoom;
  onView: (change: Partial<MatrixView>) => void;
  onZoom: (zoom: Zoom) => void;
  /** The cell of the cursor. */
  place: Place | undefined;
  onPlace: (place: Place) => void;
  /** Enter or a double click on a cell. */
  onOpen: (place: Place) => void;
  /** The link to the result of a host and a task. */
  renderLink: (place: Place, text: string) => ReactNode;
  /** The content for the chosen cell. */
  renderDetails: (chosen: Chosen) => ReactNode;
}

/** The chosen cell. */
export interface Chosen {
  place: Place;
  code: number;
  /** The name of the task. */
  task: string;
  /** Number of hosts with the same outcomes, if its line represents several. */
  count: number;
}

export function Matrix(props: MatrixProps): ReactElement {
  const { matrix, tasks, view, zoom, place, onPlace, onOpen, renderLink, renderDetails } = props;
  // Open groups are identified by the name of their first host: indexes change when a running run gets more
  // hosts.
  const [openNames, setOpenNames] = useState<ReadonlySet<string>>(new Set());
  const model = useMemo(() => {
    const open = new Set([...matrix.hosts.keys()].filter((at) => openNames.has(matrix.hosts[at] ?? "")));
    return modelOf(matrix, tasks, view, open);
  }, [matrix, tasks, view, openNames]);
  const cursor = useMemo(() => cellOf(model, place), [model, place]);
  const choose = useCallback(
    (cell: Cell) => {
      const next = placeOf(model, cell);
      if (next) {
        onPlace(next);
      }
    },
    [model, onPlace],
  );
  const open = (cell: Cell) => {
    const at = placeOf(model, cell);
    if (at) {
      onOpen(at);
    }
  };
  const fold = (at: number) => {
    const row = model.rows[at];
    const leader = matrix.hosts[row?.leader ?? -1];
    if (row && row.size > 1 && leader !== undefined) {
      setOpenNames((names) => toggled(names, leader));
    }
  };
  const [isTable, setTable] = useState(false);
  return (
    <div className="pb-matrix">
      <Toolbar view={view} zoom={zoom} onView={props.onView} onZoom={props.onZoom} />
      <Legend />
      {model.rows.length === 0 || model.columns.length === 0 ? (
        <p role="status">
          {matrix.hosts.length === 0 ? "No host has a result yet." : "No results match these filters."}
        </p>
      ) : (
        <MatrixCanvas
          model={model}
          zoom={zoom}
          cursor={cursor}
          onCursor={choose}
          onOpen={open}
          onFold={fold}
        />
      )}
      <div className="pb-matrix__details">
        {cursor && place
          ? renderDetails(chosenOf(model, cursor, place))
          : "Choose a cell to see what happened. Arrow keys move, Enter opens, N finds the next failure."}
      </div>
      <ExpandableSection
        toggleText="Failures as a table"
        isExpanded={isTable}
        onToggle={(_, isExpanded) => setTable(isExpanded)}
      >
        {isTable && (
          <FailureTable
            model={model}
            renderLink={(cell, text) => {
              const at = placeOf(model, cell);
              return at ? renderLink(at, text) : text;
            }}
          />
        )}
      </ExpandableSection>
    </div>
  );
}

function chosenOf(model: Model, cell: Cell, place: Place): Chosen {
  return {
    place,
    code: codeOf(model, cell),
    task: model.headings[model.columns[cell.column] ?? -1] ?? "",
    count: model.rows[cell.row]?.count ?? 1,
  };
}

function toggled(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(names);
  if (!next.delete(name)) {
    next.add(name);
  }
  return next;
}
