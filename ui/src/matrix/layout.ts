/** Where the cells of the matrix are: sizes, what is visible at a scroll position, what is under the pointer. */

/** How large cells are drawn. */
export type Zoom = "large" | "small" | "overview";

/** A place among the lines and columns that are shown. */
export interface Cell {
  row: number;
  column: number;
}

/** Maximum size of the scrolled area in pixels: Firefox draws nothing beyond 17.9 million. */
const MAX_SCROLL = 8_000_000;

const SIZES = {
  large: { width: 26, height: 26, head: 132 },
  small: { width: 10, height: 13, head: 28 },
  overview: { width: 0, height: 0, head: 28 },
} as const;

/** Sizes in CSS pixels. */
export interface Layout {
  zoom: Zoom;
  rows: number;
  columns: number;
  cellWidth: number;
  cellHeight: number;
  /** Width of the host names at the left, which do not scroll sideways. */
  names: number;
  /** Height of the task headings at the top, which do not scroll. */
  head: number;
  viewWidth: number;
  viewHeight: number;
  /** Size of the area that the browser scrolls; at least the view. */
  scrollWidth: number;
  scrollHeight: number;
}

/** The input of a layout. */
export interface LayoutInput {
  zoom: Zoom;
  rows: number;
  columns: number;
  names: number;
  viewWidth: number;
  viewHeight: number;
}

/** The offset into the cells, in CSS pixels. */
export interface Offset {
  left: number;
  top: number;
}

export function layoutOf(input: LayoutInput): Layout {
  const { zoom, rows, columns, viewWidth, viewHeight } = input;
  const { head, ...size } = SIZES[zoom];
  const names = zoom === "overview" ? 0 : input.names;
  const isFitted = zoom === "overview";
  // Fitted cells of a small matrix are no larger than those with marks.
  const share = (room: number, count: number) => Math.min(SIZES.large.width, room / Math.max(count, 1));
  const cellWidth = isFitted ? share(viewWidth - names, columns) : size.width;
  const cellHeight = isFitted ? share(viewHeight - head, rows) : size.height;
  // Rotated headings of the last columns reach to the right of their cells.
  const beyond = zoom === "large" ? Math.round(head * 0.6) : 0;
  const content = (count: number, cell: number) => (isFitted ? 0 : count * cell);
  return {
    zoom,
    rows,
    columns,
    cellWidth,
    cellHeight,
    names,
    head,
    viewWidth,
    viewHeight,
    scrollWidth: Math.max(viewWidth, Math.min(MAX_SCROLL, names + content(columns, cellWidth) + beyond)),
    scrollHeight: Math.max(viewHeight, Math.min(MAX_SCROLL, head + content(rows, cellHeight))),
  };
}

/** The cells' offset at a scroll position. They are the same unless the matrix is higher than a browser can scroll. */
export function offsetAt(layout: Layout, scrollLeft: number, scrollTop: number): Offset {
  return { left: Math.max(0, scrollLeft), top: Math.max(0, scrollTop) * stretch(layout) };
}

/** The scroll position that shows a cell, moving as little as possible. */
export function reveal(layout: Layout, cell: Cell, scrollLeft: number, scrollTop: number): Offset {
  const factor = stretch(layout);
  const left = into(
    cell.column * layout.cellWidth,
    layout.cellWidth,
    layout.viewWidth - layout.names,
    scrollLeft,
  );
  const top = into(
    cell.row * layout.cellHeight,
    layout.cellHeight,
    layout.viewHeight - layout.head,
    scrollTop * factor,
  );
  return { left, top: top / factor };
}

/** First and last (exclusive) line and column in view. */
export function visible(layout: Layout, offset: Offset) {
  const rows = range(offset.top, layout.viewHeight - layout.head, layout.cellHeight, layout.rows);
  const columns = range(offset.left, layout.viewWidth - layout.names, layout.cellWidth, layout.columns);
  return { firstRow: rows.first, endRow: rows.end, firstColumn: columns.first, endColumn: columns.end };
}

/** What is at a point of the view: a cell; a host's name (`column` is -1); a task's heading (`row` is -1); or nothing. */
export function hit(layout: Layout, offset: Offset, x: number, y: number): Cell | undefined {
  const isName = x < layout.names;
  const isHead = y < layout.head;
  if (isName && isHead) {
    return undefined;
  }
  const column = isName ? -1 : Math.floor((x - layout.names + offset.left) / layout.cellWidth);
  const row = isHead ? -1 : Math.floor((y - layout.head + offset.top) / layout.cellHeight);
  return column < layout.columns && row < layout.rows ? { row, column } : undefined;
}

/** How far the cells move for each pixel that the browser scrolls. */
function stretch(layout: Layout): number {
  const content = layout.zoom === "overview" ? 0 : layout.head + layout.rows * layout.cellHeight;
  const range = layout.scrollHeight - layout.viewHeight;
  return content > layout.scrollHeight && range > 0 ? (content - layout.viewHeight) / range : 1;
}

function range(offset: number, room: number, cell: number, count: number) {
  if (cell <= 0 || count === 0) {
    return { first: 0, end: 0 };
  }
  const first = Math.min(count, Math.max(0, Math.floor(offset / cell)));
  return { first, end: Math.min(count, Math.max(first, Math.ceil((offset + room) / cell))) };
}

function into(start: number, size: number, room: number, offset: number): number {
  return Math.max(0, Math.min(start, Math.max(offset, start + size - room)));
}
