/** Text for the canvas. */

type Measure = Pick<CanvasRenderingContext2D, "measureText">;

/** Characters that move or hide others: control characters, direction marks, zero-width characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Longest text that is processed. */
const MAX_LENGTH = 200;

/** A name for the canvas: one line, without characters that would reorder it. */
export function plainName(name: string): string {
  return name.slice(0, MAX_LENGTH).replace(INVISIBLE, "");
}

/** Cuts a text to a width, with an ellipsis. */
export function ellipsis(context: Measure, text: string, width: number): string {
  if (context.measureText(text).width <= width) {
    return text;
  }
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low === 0 ? "" : `${text.slice(0, low)}…`;
}

/** Caches cut texts: the same names are drawn in every frame. */
export class FittedTexts {
  readonly #known = new Map<string, string>();
  #font = "";

  fit(context: Measure & Pick<CanvasRenderingContext2D, "font">, text: string, width: number): string {
    if (this.#font !== context.font || this.#known.size > 20_000) {
      this.#known.clear();
      this.#font = context.font;
    }
    const key = `${width} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const cut = ellipsis(context, plainName(text), width);
    this.#known.set(key, cut);
    return cut;
  }
}
