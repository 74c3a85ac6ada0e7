/** Draws a scene: cells, host names, task headings, the cursor. It draws what is visible, and keeps nothing but pictures. */
import { codeAt, type Matrix, OUTCOMES } from "./decode";
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

/** Cells smaller than this are drawn as one picture. */
const SEPARATE = 5;

const ANGLE = -Math.PI / 3.3;

/** Draws scenes on one canvas. */
export class Paint {
  readonly #texts = new FittedTexts();
  readonly #overview = new Overview();
  #sprites: { key: string; look: Look; images: HTMLCanvasElement[] } | undefined;

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
    const sprites = this.#spritesOf(layout, look);
    const { firstRow, endRow, firstColumn, endColumn } = visible(layout, offset);
    // Whole device pixels, so that the sprites are copied and not blended.
    const device = (position: number) => Math.round(position * look.ratio);
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (let at = firstRow; at < endRow; at += 1) {
      const host = rows[at]?.host ?? 0;
      const y = device(layout.head + at * layout.cellHeight - offset.top);
      for (let column = firstColumn; column < endColumn; column += 1) {
        const sprite = sprites[codeAt(matrix, host, columns[column] ?? 0)];
        if (sprite) {
          context.drawImage(sprite, device(layout.names + column * layout.cellWidth - offset.left), y);
        }
      }
    }
    context.setTransform(look.ratio, 0, 0, look.ratio, 0, 0);
  }

  /** One picture for each outcome, drawn once for a size and a theme. */
  #spritesOf(layout: Layout, look: Look): HTMLCanvasElement[] {
    const width = Math.max(1, Math.floor(layout.cellWidth * look.ratio));
    const height = Math.max(1, Math.floor(layout.cellHeight * look.ratio));
    const key = `${width} ${height}`;
    if (this.#sprites?.key === key && this.#sprites.look === look) {
      return this.#sprites.images;
    }
    const images = OUTCOMES.map((_, code) => sprite(code, width, height, look));
    this.#sprites = { key, look, images };
    return images;
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

function sprite(code: number, width: number, height: number, look: Look): HTMLCanvasElement {
  const image = document.createElement("canvas");
  image.width = width;
  image.height = height;
  const context = image.getContext("2d");
  if (!context) {
    return image;
  }
  const gap = Math.max(1, Math.round(look.ratio));
  context.fillStyle = look.fills[code] ?? look.background;
  context.fillRect(0, 0, width - gap, height - gap);
  const size = Math.min(width, height) - gap;
  if (size / look.ratio >= MARKED - 1) {
    const square = { x: (width - gap - size) / 2, y: (height - gap - size) / 2, size };
    drawMark(context, code, square, look.marks[code] ?? look.text);
  }
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
