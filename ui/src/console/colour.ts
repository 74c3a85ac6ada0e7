/** Colours that can be read: each text has a contrast of at least 4.5 : 1 (WCAG AA) in the light and in the dark theme. */

import type { Colour, Style } from "./ansi";

/** How to paint a span: classes, and the colours that a class reads from custom properties, per theme. */
export interface Paint {
  readonly classes: readonly string[];
  readonly properties: readonly (readonly [name: string, value: string])[];
}

type Rgb = readonly [number, number, number];
type Theme = "light" | "dark";

/** Background and text of the console, and the background of selected lines, which leaves colours the least contrast. */
const GROUND: Record<Theme, { back: Rgb; selected: Rgb; text: Rgb }> = {
  light: { back: [255, 255, 255], selected: [255, 244, 204], text: [21, 21, 21] },
  dark: { back: [41, 41, 41], selected: [61, 51, 25], text: [255, 255, 255] },
};
const LIGHT_TEXT: Rgb = [255, 255, 255];
const DARK_TEXT: Rgb = [0, 0, 0];
const NEEDED = 4.5;

/** The 16 named colours as backgrounds, the same in both themes. */
const NAMED: readonly Rgb[] = [
  [21, 21, 21],
  [177, 56, 11],
  [61, 115, 23],
  [220, 180, 40],
  [0, 77, 153],
  [94, 64, 190],
  [20, 115, 115],
  [199, 199, 199],
  [112, 112, 112],
  [240, 86, 28],
  [135, 187, 98],
  [255, 204, 23],
  [66, 148, 243],
  [182, 166, 233],
  [99, 189, 189],
  [255, 255, 255],
];

const WEIGHTS = ["bold", "italic", "underline", "strike", "mark"] as const;

/** The classes and colours of a style. */
export function paint(style: Style): Paint {
  const classes: string[] = WEIGHTS.filter((weight) => style[weight]).map((weight) => `pbc-${weight}`);
  const { fg, bg } = style;
  if (bg === undefined && !style.inverse) {
    if (typeof fg === "number") {
      classes.push(`pbc-fg-${fg}`);
    } else if (fg !== undefined) {
      classes.push("pbc-fg");
      return { classes, properties: themes("fg", (theme) => readable(rgb(fg), GROUND[theme].selected)) };
    } else if (style.dim) {
      classes.push("pbc-dim");
    }
    return { classes, properties: [] };
  }
  classes.push("pbc-fg", "pbc-bg");
  const pair = (theme: Theme): { front: Rgb; back: Rgb } => {
    const front = fg === undefined ? GROUND[theme].text : rgb(fg);
    const back = bg === undefined ? GROUND[theme].back : rgb(bg);
    return style.inverse ? { front: back, back: front } : { front, back };
  };
  return {
    classes,
    properties: [
      ...themes("bg", (theme) => pair(theme).back),
      ...themes("fg", (theme) => readable(pair(theme).front, pair(theme).back)),
    ],
  };
}

function themes(name: string, colour: (theme: Theme) => Rgb): [string, string][] {
  return (["light", "dark"] as const).map((theme) => [`--pbc-${name}-${theme}`, css(colour(theme))]);
}

/** The colour, moved towards black or white until it can be read on this background. */
export function readable(colour: Rgb, back: Rgb): Rgb {
  const end = contrast(LIGHT_TEXT, back) > contrast(DARK_TEXT, back) ? LIGHT_TEXT : DARK_TEXT;
  for (let step = 0; step < 10; step += 1) {
    const mixed = mix(colour, end, step / 10);
    if (contrast(mixed, back) >= NEEDED) {
      return mixed;
    }
  }
  return end;
}

/** The contrast of two colours, from 1 to 21, as WCAG defines it. */
export function contrast(one: Rgb, other: Rgb): number {
  const [bright, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((bright ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (a: number, b: number) => Math.round(a + (b - a) * share);
  return [part(from[0], to[0]), part(from[1], to[1]), part(from[2], to[2])];
}

export function rgb(colour: Colour): Rgb {
  if (typeof colour === "number") {
    return NAMED[colour] ?? DARK_TEXT;
  }
  const part = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}
