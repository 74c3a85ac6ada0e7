/** The whole matrix, reduced to the available number of pixels. */
import type { Matrix } from "./decode";
import type { Row } from "./groups";

/**
 * The worst code at each pixel of a picture, line by line. A single failure among thousands of hosts stays visible,
 * whereas an average would hide it.
 */
export function rasterize(
  matrix: Matrix,
  rows: readonly Row[],
  columns: readonly number[],
  width: number,
  height: number,
): Uint8Array {
  const points = new Uint8Array(width * height);
  const stride = matrix.tasks.length;
  // If there are more pixels than cells, a cell covers several pixels.
  const spanX = spans(columns.length, width);
  const spanY = spans(rows.length, height);
  rows.forEach((row, y) => {
    const start = row.host * stride;
    for (let py = spanY.first(y); py < spanY.end(y); py += 1) {
      columns.forEach((column, x) => {
        const code = matrix.cells[start + column] ?? 0;
        for (let px = spanX.first(x); px < spanX.end(x); px += 1) {
          const at = py * width + px;
          if (code > (points[at] ?? 0)) {
            points[at] = code;
          }
        }
      });
    }
  });
  return points;
}

/** The pixels that each of `count` cells covers: at least one. */
function spans(count: number, points: number) {
  const scale = count === 0 ? 0 : points / count;
  return {
    first: (at: number) => Math.min(points - 1, Math.floor(at * scale)),
    end: (at: number) => Math.min(points, Math.max(Math.floor((at + 1) * scale), Math.floor(at * scale) + 1)),
  };
}
