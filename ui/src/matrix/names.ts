/** The width of the column of host names. */
import type { Matrix } from "./decode";
import type { Zoom } from "./layout";
import { plainName } from "./text";

const NARROWEST = 90;
const WIDEST = 240;

/** Measures the longest names. `font` is the name of the font. */
export function namesWidth(matrix: Matrix, zoom: Zoom, font: string, viewWidth: number): number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context || zoom === "overview") {
    return zoom === "overview" ? 0 : NARROWEST;
  }
  // The column should have space for the bold "5,000 hosts like" of a folded line, but not use half of the
  // view.
  const longest = [...matrix.hosts].sort((a, b) => b.length - a.length).slice(0, 20);
  context.font = `${zoom === "large" ? 13 : 10}px ${font}`;
  const widths = longest.map((name) => context.measureText(plainName(name)).width);
  const prefix = matrix.hosts.length > 1 ? context.measureText("0,000 hosts like ").width : 0;
  const wanted = Math.max(...widths, 0) + prefix + 26;
  return Math.round(Math.max(NARROWEST, Math.min(wanted, WIDEST, viewWidth * 0.4)));
}
