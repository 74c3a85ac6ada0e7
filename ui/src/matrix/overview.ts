/** The picture of the whole matrix, kept until something in it changes. */
import type { Look } from "./look";
import type { Scene } from "./paint";
import { rasterize } from "./raster";

export class Overview {
  #picture:
    | { of: Pick<Scene, "matrix" | "rows" | "columns" | "layout">; look: Look; image: HTMLCanvasElement }
    | undefined;

  draw(context: CanvasRenderingContext2D, scene: Scene, look: Look): void {
    const { layout } = scene;
    const image = this.#imageOf(scene, look);
    if (image) {
      context.imageSmoothingEnabled = false;
      const size = [layout.columns * layout.cellWidth, layout.rows * layout.cellHeight] as const;
      context.drawImage(image, layout.names, layout.head, ...size);
    }
  }

  #imageOf(scene: Scene, look: Look): HTMLCanvasElement | undefined {
    const of = this.#picture?.of;
    if (
      of?.matrix === scene.matrix &&
      of.rows === scene.rows &&
      of.columns === scene.columns &&
      of.layout === scene.layout &&
      this.#picture?.look === look
    ) {
      return this.#picture.image;
    }
    const { matrix, rows, columns, layout } = scene;
    // No more points than the screen has, and no more than there are cells.
    const points = (count: number, cell: number) =>
      Math.max(1, Math.min(count, Math.round(count * cell * look.ratio)));
    const width = points(columns.length, layout.cellWidth);
    const height = points(rows.length, layout.cellHeight);
    const image = document.createElement("canvas");
    image.width = width;
    image.height = height;
    const context = image.getContext("2d");
    if (!context) {
      return undefined;
    }
    const palette = look.fills.map((fill) => pixel(fill));
    const data = context.createImageData(width, height);
    const pixels = new Uint32Array(data.data.buffer);
    const codes = rasterize(matrix, rows, columns, width, height);
    codes.forEach((code, at) => {
      pixels[at] = palette[code] ?? 0;
    });
    context.putImageData(data, 0, 0);
    this.#picture = { of: scene, look, image };
    return image;
  }
}

/** A colour as the four bytes of a pixel. The canvas itself parses every notation of colours. */
function pixel(colour: string): number {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) {
    return 0;
  }
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return new Uint32Array(context.getImageData(0, 0, 1, 1).data.buffer)[0] ?? 0;
}
