import {
  type PointerEvent,
  type ReactElement,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Grid } from "./Grid";
import { type Cell, hit, type Layout, layoutOf, offsetAt, reveal, type Zoom } from "./layout";
import type { Model } from "./model";
import { namesWidth } from "./names";
import { Painter } from "./painter";
import { Tip } from "./Tip";
import { useKeys } from "./useKeys";
import { useSize } from "./useSize";

export interface CanvasProps {
  model: Model;
  zoom: Zoom;
  cursor: Cell | undefined;
  onCursor: (cell: Cell) => void;
  /** Enter on a cell. */
  onOpen: (cell: Cell) => void;
  /** Shows or hides the hosts of the group to which a line belongs. */
  onFold: (row: number) => void;
}

/** Space for a scroll bar below the cells. */
const SCROLL_BAR = 18;

/** The matrix itself: a canvas over a scrolled area, with the grid for keys and screen readers beside it. */
export function MatrixCanvas(props: CanvasProps): ReactElement {
  const { model, zoom, cursor, onCursor, onFold } = props;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const grid = useRef<HTMLTableElement>(null);
  const [hover, setHover] = useState<{ cell: Cell; x: number; y: number }>();
  const size = useSize(scroller);
  const viewWidth = size?.width ?? 0;
  const viewHeight = size?.height ?? 0;
  const { matrix, rows, columns } = model;

  const names = useMemo(() => {
    const font = scroller.current ? getComputedStyle(scroller.current).fontFamily : "sans-serif";
    return viewWidth > 0 ? namesWidth(matrix, zoom, font, viewWidth) : 0;
  }, [matrix, zoom, viewWidth]);
  const layout = useMemo(
    () => layoutOf({ zoom, rows: rows.length, columns: columns.length, names, viewWidth, viewHeight }),
    [zoom, rows, columns, names, viewWidth, viewHeight],
  );
  usePainter({ canvas, scroller, model, layout, cursor, hover: hover?.cell });

  const shown = useRef<{ cursor: Cell | undefined; zoom: Zoom }>(undefined);
  useLayoutEffect(() => {
    // Only scrolls if the cursor moved: a running execution must not move what is being read.
    const isSame =
      shown.current?.zoom === zoom &&
      shown.current.cursor?.row === cursor?.row &&
      shown.current.cursor?.column === cursor?.column;
    if (scroller.current && viewWidth > 0 && !isSame) {
      shown.current = { cursor, zoom };
      if (cursor) {
        scroller.current.scrollTo(
          reveal(layout, cursor, scroller.current.scrollLeft, scroller.current.scrollTop),
        );
      }
    }
  }, [cursor, layout, zoom, viewWidth]);

  const at = (event: PointerEvent): { cell: Cell; x: number; y: number } | undefined => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box || !scroller.current) {
      return undefined;
    }
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const cell = hit(layout, offsetAt(layout, scroller.current.scrollLeft, scroller.current.scrollTop), x, y);
    return cell && { cell, x, y };
  };
  const press = (event: PointerEvent) => {
    const cell = at(event)?.cell;
    if (event.button !== 0 || !cell) {
      return;
    }
    grid.current?.focus({ preventScroll: true });
    if (cell.column >= 0 && cell.row >= 0) {
      onCursor(cell);
    } else if (cell.row >= 0) {
      onFold(cell.row);
    } else {
      onCursor({ row: cursor?.row ?? 0, column: cell.column });
    }
  };
  const hovered = (event: PointerEvent) => {
    const next = at(event);
    setHover((last) => (isSame(last?.cell, next?.cell) ? last : next));
  };

  const onKeyDown = useKeys(props, layout);
  const height = layout.head + rows.length * (zoom === "overview" ? 26 : layout.cellHeight) + SCROLL_BAR;
  return (
    <div className="pb-matrix__frame">
      <div
        ref={scroller}
        className="pb-matrix__scroller"
        style={{ height }}
        onScroll={() => setHover(undefined)}
      >
        <p id={`${id}-help`} hidden>
          Arrow keys move between cells, Enter opens the result, N goes to the next failure, Space unfolds
          hosts with the same outcomes.
        </p>
        <div className="pb-matrix__keys">
          <Grid
            ref={grid}
            id={id}
            model={model}
            cursor={cursor}
            onKeyDown={onKeyDown}
            onFocus={() => cursor === undefined && rows.length > 0 && onCursor({ row: 0, column: 0 })}
          />
        </div>
        <canvas
          ref={canvas}
          className="pb-matrix__canvas"
          style={{ width: viewWidth, height: viewHeight }}
          onPointerDown={press}
          onDoubleClick={() => cursor && props.onOpen(cursor)}
          onPointerMove={hovered}
          onPointerLeave={() => setHover(undefined)}
        />
        <div
          className="pb-matrix__spacer"
          style={{ width: layout.scrollWidth, height: layout.scrollHeight }}
          aria-hidden="true"
        />
      </div>
      {hover && <Tip model={model} cell={hover.cell} x={hover.x} y={hover.y} layout={layout} />}
    </div>
  );
}

function isSame(a: Cell | undefined, b: Cell | undefined): boolean {
  return a?.row === b?.row && a?.column === b?.column;
}

interface Painted {
  canvas: React.RefObject<HTMLCanvasElement | null>;
  scroller: React.RefObject<HTMLDivElement | null>;
  model: Model;
  layout: Layout;
  cursor: Cell | undefined;
  hover: Cell | undefined;
}

/** Passes the scene to the painter. Scrolling paints without React. */
function usePainter({ canvas, scroller, model, layout, cursor, hover }: Painted): void {
  const painter = useRef<Painter>(undefined);
  useEffect(() => {
    if (!canvas.current || !scroller.current) {
      return undefined;
    }
    const made = new Painter(canvas.current, scroller.current);
    painter.current = made;
    return () => made.dispose();
  }, [canvas, scroller]);
  useEffect(() => {
    if (layout.viewWidth > 0) {
      painter.current?.show({ ...model, layout, cursor, hover });
    }
  }, [model, layout, cursor, hover]);
}
