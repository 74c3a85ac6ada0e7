/** Draws the names of hosts and tasks beside the cells. */
import { rowName } from "./groups";
import { type Offset, visible } from "./layout";
import type { Look } from "./look";
import type { Scene } from "./paint";
import { FittedTexts } from "./text";

/** Headings of large cells are rotated to the right. */
const ANGLE = -Math.PI / 3.3;

export class Labels {
  readonly #texts = new FittedTexts();

  /** The host names at the left, with a caret where hosts are folded or unfolded. */
  names(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
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

  /** The names of the tasks above the cells, or their numbers where cells are small. */
  headings(context: CanvasRenderingContext2D, scene: Scene, look: Look, offset: Offset): void {
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

/** Whether a column of small cells shows its number: every fifth, tenth … as space permits. */
function isTick(at: number, cellWidth: number): boolean {
  const step = [1, 5, 10, 20, 50, 100, 200, 500, 1000].find((count) => count * cellWidth >= 28) ?? 5000;
  return at === 0 || (at + 1) % step === 0;
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
