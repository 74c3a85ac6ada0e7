/** Draws a scene: cells, host names, task headings, the cursor. It draws what is visible, and keeps nothing but pictures. */
import { CODE, codeAt, type Matrix, OUTCOMES } from "./decode";
import type { Row } from "./groups";
import { type Cell, type Layout, type Offset, visible } from "./layout";
import type { Look } from "./look";
import { drawMark } from "./marks";
import { Overview } from "./overview";
import { FittedTexts } from "./text";

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

/** Cells smaller than this, in CSS pixels, have no mark: it could not be made out. */
const MARKED = 9;

/** Cells smaller than this have no mark where they are ok. */
const WITH_OK = 16;

/** Cells smaller than this are drawn as one picture. */
const SEPARATE = 5;

const ANGLE = -Math.PI / 3.3;

/** Draws scenes on one canvas. */
export class Paint {
  readonly #texts = new FittedTexts();
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
      this.#headings(context, scene, look, offset),
    );
    if (layout.names > 0) {
      clipped(context, { ...room, x: 0, width: layout.names }, () =>
        this.#names(context, scene, look, offset),
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
    // Whole device pixels: sharp edges, and pictures that are copied and not blended.
    context.setTransform(1, 0, 0, 1, 0, 0);
    const left = Array.from({ length: seen.endColumn - seen.firstColumn + 1 }, (_, at) =>
      Math.round((layout.names + (seen.firstColumn + at) * layout.cellWidth - offset.left) * look.ratio),
    );
    for (let at = seen.firstRow; at < seen.endRow; at += 1) {
      const host = rows[at]?.host ?? 0;
      const top = Math.round((layout.head + at * layout.cellHeight - offset.top) * look.ratio);
      const height = Math.round(layout.cellHeight * look.ratio) - gapOf(look);
      // Neighbours of one colour are one rectangle: most of a line is ok, and every call costs.
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
      // Where there is little room, cells that are ok have no mark: the others stand out, and it is drawn faster.
      const first = layout.cellWidth < WITH_OK ? CODE.changed : CODE.skipped;
      const images = OUTCOMES.map((_, code) =>
        code >= first || code === CODE.skipped ? markImage(code, width, height, look) : undefined,
      );
      this.#marks = { key, look, images };
    }
    return this.#marks.images;
  }

  #names(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
    const { layout, rows, matrix } = scene;
    const { firstRow, endRow } = visible(layout, offset);
    const size = layout.zoom === "large" ? 13 : 10;
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (let at = firstRow; at < endRow; at += 1) {
      const row = rows[at];
      if (!row) {
        continue;
      }
      const isCurrent = at === scene.cursor?.row || at === scene.hover?.row;
      const y = layout.head + at * layout.cellHeight - offset.top;
      if (isCurrent) {
        context.fillStyle = look.hover;
        context.fillRect(0, y, layout.names, layout.cellHeight);
      }
      const isGroup = row.count > 1;
      const isLeader = row.size > 1 && row.host === row.leader;
      const isMember = row.size > 1 && !isGroup;
      context.font = `${isGroup ? "bold " : ""}${size}px ${look.font}`;
      context.fillStyle = look.text;
      const indent = isMember || isGroup ? 18 : 4;
      const text = rowName(matrix, row);
      const middle = y + layout.cellHeight / 2 + 0.5;
      context.fillText(this.#texts.fit(context, text, layout.names - indent - 6), indent, middle);
      if (isLeader) {
        caret(context, { x: 5, y: middle, isOpen: !isGroup }, look.text);
      }
    }
    context.fillStyle = look.line;
    context.fillRect(layout.names - 1, layout.head, 1, layout.viewHeight);
  }

  #headings(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
    const { layout, columns, headings } = scene;
    const { firstColumn, endColumn } = visible(layout, offset);
    const isLarge = layout.zoom === "large";
    context.font = `${isLarge ? 13 : 10}px ${look.font}`;
    context.textBaseline = "middle";
    // Rotated headings reach to the right into the view.
    const before = isLarge ? 5 : 0;
    for (let at = Math.max(0, firstColumn - before); at < endColumn; at += 1) {
      const x = layout.names + (at + 0.5) * layout.cellWidth - offset.left;
      const isCurrent = at === scene.cursor?.column || at === scene.hover?.column;
      context.fillStyle = isCurrent ? look.focus : look.text;
      const number = scene.matrix.tasks[columns[at] ?? 0] ?? 0;
      if (isLarge) {
        context.save();
        context.translate(x, layout.head - 8);
        context.rotate(ANGLE);
        context.textAlign = "left";
        const text = this.#texts.fit(
          context,
          headings[columns[at] ?? 0] ?? "",
          (layout.head - 18) / Math.sin(-ANGLE),
        );
        context.fillText(text, 0, 0);
        context.restore();
      } else if (isCurrent || isTick(at, layout.cellWidth)) {
        context.textAlign = "center";
        context.fillText(String(number), x, layout.head - 10);
        context.fillRect(x, layout.head - 4, 1, 4);
      }
    }
    context.fillStyle = look.line;
    context.fillRect(0, layout.head - 1, layout.viewWidth, 1);
  }
}

/** The name of a line: a host, or a group by its first host. */
export function rowName(matrix: Matrix, row: Row): string {
  const name = matrix.hosts[row.host] ?? "";
  return row.count > 1 ? `${row.count.toLocaleString("en")} hosts like ${name}` : name;
}

/** Whether a column of small cells shows its number: every fifth, tenth … as there is room. */
function isTick(at: number, cellWidth: number): boolean {
  const step = [1, 5, 10, 20, 50, 100, 200, 500, 1000].find((count) => count * cellWidth >= 28) ?? 5000;
  return at === 0 || (at + 1) % step === 0;
}

/** The space between cells, in device pixels. */
function gapOf(look: Look): number {
  return Math.max(1, Math.round(look.ratio));
}

/** The mark of an outcome on nothing; none where it could not be made out. */
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
  for (const column of scene.plays) {
    const x = Math.round(layout.names + column * layout.cellWidth - offset.left) - 1;
    context.fillRect(
      x,
      layout.head,
      1,
      Math.min(layout.viewHeight, layout.rows * layout.cellHeight - offset.top),
    );
  }
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

function caret(
  context: CanvasRenderingContext2D,
  { x, y, isOpen }: { x: number; y: number; isOpen: boolean },
  colour: string,
): void {
  context.fillStyle = colour;
  context.beginPath();
  const points = isOpen ? [0, -2, 8, -2, 4, 3] : [1, -4, 6, 0, 1, 4];
  for (let at = 0; at < points.length; at += 2) {
    context.lineTo(x + (points[at] ?? 0), y + (points[at + 1] ?? 0));
  }
  context.fill();
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
