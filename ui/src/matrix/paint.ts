/**
 * Draws a scene: cells, host names, task headings, the cursor. It draws the visible part, and stores nothing but pictures.
 */
import { CODE, codeAt, type Matrix, OUTCOMES } from "./decode";
import type { Row } from "./groups";
import { Labels } from "./labels";
import { type Cell, type Layout, type Offset, visible } from "./layout";
import type { Look } from "./look";
import { drawMark } from "./marks";
import { Overview } from "./overview";

/** What is shown. */
export interface Scene {
  matrix: Matrix;
  rows: readonly Row[];
  /** Indexes of the tasks that are shown. */
  columns: readonly number[];
  /** The heading of each task, by index. */
  headings: readonly string[];
  /** Columns before which another play begins. */
  plays: ReadonlySet<number>;
  layout: Layout;
  cursor: Cell | undefined;
  hover: Cell | undefined;
}

/** Cells smaller than this, in CSS pixels, have no mark: it would not be recognizable. */
const MARKED = 9;

/** Cells smaller than this have no mark if they are ok. */
const WITH_OK = 16;

/** Cells smaller than this are drawn as one picture. */
const SEPARATE = 5;

/** Draws scenes on one canvas. */
export class Paint {
  readonly #labels = new Labels();
  readonly #overview = new Overview();
  #marks: { key: string; look: Look; images: (HTMLCanvasElement | undefined)[] } | undefined;

  /** Draws a scene at an offset into the cells. */
  draw(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
    const { layout } = scene;
    context.setTransform(look.ratio, 0, 0, look.ratio, 0, 0);
    context.fillStyle = look.background;
    context.fillRect(0, 0, layout.viewWidth, layout.viewHeight);
    const room = {
      x: layout.names,
      y: layout.head,
      width: layout.viewWidth - layout.names,
      height: layout.viewHeight - layout.head,
    };
    clipped(context, room, () => {
      this.#cells(context, scene, look, offset);
      plays(context, scene, look, offset);
      frame(context, scene, look, offset);
    });
    clipped(context, { ...room, y: 0, height: layout.head }, () =>
      this.#labels.headings(context, scene, look, offset),
    );
    if (layout.names > 0) {
      clipped(context, { ...room, x: 0, width: layout.names }, () =>
        this.#labels.names(context, scene, look, offset),
      );
    }
  }

  #cells(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
    const { layout, matrix, rows, columns } = scene;
    if (layout.cellWidth < SEPARATE || layout.cellHeight < SEPARATE) {
      this.#overview.draw(context, scene, look);
      return;
    }
    const marks = this.#marksOf(layout, look);
    const seen = visible(layout, offset);
    // Whole device pixels: sharp edges, and pictures that are copied rather than blended.
    context.setTransform(1, 0, 0, 1, 0, 0);
    const left = Array.from({ length: seen.endColumn - seen.firstColumn + 1 }, (_, at) =>
      Math.round((layout.names + (seen.firstColumn + at) * layout.cellWidth - offset.left) * look.ratio),
    );
    for (let at = seen.firstRow; at < seen.endRow; at += 1) {
      const host = rows[at]?.host ?? 0;
      const top = Math.round((layout.head + at * layout.cellHeight - offset.top) * look.ratio);
      const height = Math.round(layout.cellHeight * look.ratio) - gapOf(look);
      // Adjacent cells of one colour are one rectangle: most of a line is ok, and every call has a cost.
      let begin = 0;
      let code = codeAt(matrix, host, columns[seen.firstColumn] ?? 0);
      for (let column = 1; column < left.length; column += 1) {
        const isEnd = column === left.length - 1;
        const next = isEnd ? -1 : codeAt(matrix, host, columns[seen.firstColumn + column] ?? 0);
        if (next !== code) {
          context.fillStyle = look.fills[code] ?? look.background;
          context.fillRect(left[begin] ?? 0, top, (left[column] ?? 0) - (left[begin] ?? 0), height);
          const mark = marks[code];
          for (let marked = begin; mark && marked < column; marked += 1) {
            context.drawImage(mark, left[marked] ?? 0, top);
          }
          begin = column;
          code = next;
        }
      }
    }
    const bottom = Math.round(layout.viewHeight * look.ratio);
    context.fillStyle = look.background;
    for (const x of left) {
      context.fillRect(x - gapOf(look), 0, gapOf(look), bottom);
    }
    context.setTransform(look.ratio, 0, 0, look.ratio, 0, 0);
  }

  /** One picture for the mark of each outcome, drawn once for a size and a theme. */
  #marksOf(layout: Layout, look: Look): (HTMLCanvasElement | undefined)[] {
    const width = Math.floor(layout.cellWidth * look.ratio);
    const height = Math.floor(layout.cellHeight * look.ratio);
    const key = `${width} ${height}`;
    if (this.#marks?.key !== key || this.#marks.look !== look) {
      // If space is scarce, cells that are ok have no mark: the others stand out, and drawing is faster.
      const first = layout.cellWidth < WITH_OK ? CODE.changed : CODE.skipped;
      const images = OUTCOMES.map((_, code) =>
        code >= first || code === CODE.skipped ? markImage(code, width, height, look) : undefined,
      );
      this.#marks = { key, look, images };
    }
    return this.#marks.images;
  }
}

/** The space between cells, in device pixels. */
function gapOf(look: Look): number {
  return Math.max(1, Math.round(look.ratio));
}

/** The mark of an outcome on a transparent background; none if it would not be recognizable. */
function markImage(code: number, width: number, height: number, look: Look): HTMLCanvasElement | undefined {
  const gap = gapOf(look);
  const size = Math.min(width, height) - gap;
  const image = document.createElement("canvas");
  const context = image.getContext("2d");
  if (code === CODE.absent || size / look.ratio < MARKED - 1 || !context) {
    return undefined;
  }
  image.width = width;
  image.height = height;
  const square = { x: (width - gap - size) / 2, y: (height - gap - size) / 2, size };
  drawMark(context, code, square, look.marks[code] ?? look.text);
  return image;
}

/** A line before each column with which another play begins. */
function plays(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
  const { layout } = scene;
  context.fillStyle = look.subtle;
  context.globalAlpha = 0.5;
  for (const column of scene.plays) {
    const x = Math.round(layout.names + column * layout.cellWidth - offset.left) - 1;
    context.fillRect(
      x,
      layout.head,
      1,
      Math.min(layout.viewHeight, layout.rows * layout.cellHeight - offset.top),
    );
  }
  context.globalAlpha = 1;
}

/** The cursor, and the cell under the pointer. */
function frame(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
  const { layout } = scene;
  for (const [cell, width] of [[scene.hover, 1] as const, [scene.cursor, 2] as const]) {
    if (!cell || cell.row < 0 || cell.column < 0) {
      continue;
    }
    const x = layout.names + cell.column * layout.cellWidth - offset.left;
    const y = layout.head + cell.row * layout.cellHeight - offset.top;
    // Cells of an overview may be thinner than the frame.
    const size = [Math.max(layout.cellWidth, 4), Math.max(layout.cellHeight, 4)] as const;
    context.strokeStyle = look.background;
    context.lineWidth = width + 2;
    context.strokeRect(x - 0.5, y - 0.5, ...size);
    context.strokeStyle = look.focus;
    context.lineWidth = width;
    context.strokeRect(x - 0.5, y - 0.5, ...size);
  }
}

function clipped(
  context: CanvasRenderingContext2D,
  area: { x: number; y: number; width: number; height: number },
  draw: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(area.x, area.y, area.width, area.height);
  context.clip();
  draw();
  context.restore();
}
