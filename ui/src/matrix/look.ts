/** Colours and fonts of the canvas, read from the style sheet so that they follow the theme. */
import { OUTCOMES } from "./decode";

/** The colours and fonts of the canvas. */
export interface Look {
  /** Colour of a cell, by code. */
  fills: readonly string[];
  /** Colour of a cell's mark, by code. */
  marks: readonly string[];
  background: string;
  text: string;
  subtle: string;
  line: string;
  focus: string;
  hover: string;
  font: string;
  /** Device pixels for each CSS pixel. */
  ratio: number;
}

/** Reads the custom properties `--pb-matrix--…` of an element. */
export function lookOf(element: Element): Look {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(`--pb-matrix--${name}`).trim();
  return {
    fills: OUTCOMES.map((outcome) => read(outcome)),
    marks: OUTCOMES.map((outcome) => read(`on-${outcome}`)),
    background: read("background"),
    text: read("text"),
    subtle: read("subtle"),
    line: read("line"),
    focus: read("focus"),
    hover: read("hover"),
    font: style.fontFamily,
    ratio: Math.max(1, window.devicePixelRatio),
  };
}

/** Calls back when the theme or the density of the screen changes; returns a function that stops it. */
export function onLookChange(changed: () => void): () => void {
  const themes = new MutationObserver(changed);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", changed);
  // Zooming the page changes its density, and its size in CSS pixels.
  window.addEventListener("resize", changed);
  return () => {
    themes.disconnect();
    scheme.removeEventListener("change", changed);
    window.removeEventListener("resize", changed);
  };
}
