/**
 * Turns a printed line into spans of plain text with a style.
 *
 * Only colours and weights (SGR) take effect. All other sequences (cursor moves, titles, links, clipboard writes …) are dropped,
 * because output may come from a host that is not trusted. A carriage return rewrites the line from its start, as in a terminal.
 * Other control characters become visible, and so do marks that would change the order in which text is
 * displayed.
 */

/** 0 to 15 are the named colours, a text is `#rrggbb`. */
export type Colour = number | `#${string}`;

export interface Style {
  readonly fg?: Colour | undefined;
  readonly bg?: Colour | undefined;
  readonly bold?: boolean | undefined;
  readonly dim?: boolean | undefined;
  readonly italic?: boolean | undefined;
  readonly underline?: boolean | undefined;
  readonly strike?: boolean | undefined;
  readonly inverse?: boolean | undefined;
  /** A stand-in for a character that cannot be shown. */
  readonly mark?: boolean | undefined;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}

const PLAIN: Style = {};

/** Anything but plain text: C0 and C1 controls except the tab, and marks that change the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above; without the newline
const EACH_SPECIAL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const ESCAPE = 0x1b;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const SGR = /\x1b\[[\d;]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const ERASE = /\x1b\[[02]?K/;

const BIDI = new Map<number, string>([
  [0x061c, "ALM"],
  [0x200e, "LRM"],
  [0x200f, "RLM"],
  [0x202a, "LRE"],
  [0x202b, "RLE"],
  [0x202c, "PDF"],
  [0x202d, "LRO"],
  [0x202e, "RLO"],
  [0x2066, "LRI"],
  [0x2067, "RLI"],
  [0x2068, "FSI"],
  [0x2069, "PDI"],
]);

/** The spans of a line. Colours do not continue in the next line, so that no line depends on others. */
export function parseLine(line: string): Span[] {
  if (!SPECIAL.test(line)) {
    return line === "" ? [] : [{ text: line, style: PLAIN }];
  }
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.includes("\r") ? rewrite(text) : spansOf(text);
}

/** The text of a line, without colours: exactly the text that is displayed. */
export function plainText(line: string): string {
  if (!SPECIAL.test(line)) {
    return line;
  }
  // Most lines have colours and nothing else: searching 100,000 lines need not parse them.
  const bare = line.replace(SGR, "");
  if (!SPECIAL.test(bare)) {
    return bare;
  }
  return parseLine(line)
    .map((span) => span.text)
    .join("");
}

/**
 * A text with a visible replacement for each character that would be invisible, or would change how others
 * are displayed; lines stay.
 */
export function visibleText(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH_SPECIAL, (one) => standIn(one.charCodeAt(0)) ?? one) : text;
}

/** The spans of a line without carriage returns. */
function spansOf(text: string): Span[] {
  const out: Span[] = [];
  walk(text, PLAIN, (part, style) => out.push({ text: part, style }));
  return out;
}

/** What remains on a terminal's line if each part after a carriage return overwrites the start of the parts before. */
function rewrite(text: string): Span[] {
  const cells: Span[] = [];
  let style: Style = PLAIN;
  for (const part of text.split("\r")) {
    let column = 0;
    style = walk(part, style, (piece, current) => {
      // In place: a copy for each part would take quadratic time.
      for (const character of current.mark ? [piece] : piece) {
        cells[column] = { text: character, style: current };
        column += 1;
      }
    });
    // `ESC [ K` erases the rest of a line; programs that rewrite lines rely on it.
    if (ERASE.test(part)) {
      cells.length = column;
    }
  }
  return join(cells);
}

/** Joins adjacent spans of the same style. */
function join(spans: readonly Span[]): Span[] {
  const out: { parts: string[]; style: Style }[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last !== undefined && last.style === span.style && !span.style.mark) {
      last.parts.push(span.text);
    } else {
      out.push({ parts: [span.text], style: span.style });
    }
  }
  return out.map(({ parts, style }) => ({ text: parts.join(""), style }));
}

/** Calls back with each piece of text and its style; returns the style at the end. */
function walk(text: string, start: Style, each: (text: string, style: Style) => void): Style {
  let style = start;
  let from = 0;
  let at = 0;
  const flush = (end: number) => {
    if (end > from) {
      each(text.slice(from, end), style);
    }
  };
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === ESCAPE) {
      const sequence = sequenceAt(text, at);
      if (sequence !== undefined) {
        flush(at);
        if (sequence.sgr !== undefined) {
          style = applySgr(style, sequence.sgr);
        }
        at = sequence.end;
        from = at;
        continue;
      }
    }
    const stand = standIn(code);
    if (stand !== undefined) {
      flush(at);
      each(stand, { ...style, mark: true });
      from = at + 1;
    }
    at += 1;
  }
  flush(text.length);
  return style;
}

/**
 * The visible replacement of a character that would be invisible, or would change how others are displayed:
 * `^G` as terminals and `less` show it. Unicode has pictures of control characters, but few fonts do.
 */
function standIn(code: number): string | undefined {
  if (code < 0x20) {
    return code === 0x09 ? undefined : `^${String.fromCharCode(0x40 + code)}`;
  }
  if (code < 0x7f) {
    return undefined;
  }
  if (code === 0x7f) {
    return "^?";
  }
  if (code <= 0x9f) {
    return `\u27e8${code.toString(16).toUpperCase()}\u27e9`;
  }
  const name = BIDI.get(code);
  return name === undefined ? undefined : `\u27e8${name}\u27e9`;
}

/** The control sequence that begins here; nothing if there is none or it is not complete. */
function sequenceAt(text: string, at: number): { end: number; sgr?: string } | undefined {
  const kind = text.charAt(at + 1);
  if (kind === "[") {
    // CSI: parameters and intermediate characters, then one final character.
    let end = at + 2;
    while (end < text.length && text.charCodeAt(end) >= 0x20 && text.charCodeAt(end) <= 0x3f) {
      end += 1;
    }
    const final = text.charCodeAt(end);
    if (!(final >= 0x40 && final <= 0x7e)) {
      return undefined;
    }
    const body = text.slice(at + 2, end);
    return final === 0x6d && /^[\d;:]*$/.test(body) ? { end: end + 1, sgr: body } : { end: end + 1 };
  }
  if (kind !== "" && "]PX^_".includes(kind)) {
    // OSC, DCS, SOS, PM, APC: a text up to BEL or `ESC \`. The text of a link is outside of it.
    for (let end = at + 2; end < text.length; end += 1) {
      const code = text.charCodeAt(end);
      if (code === 0x07 && kind === "]") {
        return { end: end + 1 };
      }
      if (code === ESCAPE) {
        return text.charAt(end + 1) === "\\" ? { end: end + 2 } : undefined;
      }
    }
    return undefined;
  }
  // Two or three characters: `ESC 7`, `ESC c`, `ESC ( B`.
  let end = at + 1;
  while (end < text.length && text.charCodeAt(end) >= 0x20 && text.charCodeAt(end) <= 0x2f) {
    end += 1;
  }
  const final = text.charCodeAt(end);
  return final >= 0x30 && final <= 0x7e ? { end: end + 1 } : undefined;
}

/** The style after a "select graphic rendition" sequence. */
function applySgr(before: Style, body: string): Style {
  // `38:2::r:g:b` is another way to write `38;2;r;g;b`.
  const codes = body
    .replace(/(38|48):2:\d*:(\d+:\d+:\d+)/g, "$1:2:$2")
    .split(/[;:]/)
    .map((code) => (code === "" ? 0 : Number(code)));
  let style = before;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = extended(codes, at + 1);
      at += used;
      if (colour !== undefined) {
        style = code === 38 ? { ...style, fg: colour } : { ...style, bg: colour };
      }
    } else {
      style = simple(style, code);
    }
  }
  return style;
}

function simple(style: Style, code: number): Style {
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 90 + 8 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 100 + 8 };
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
    case 21:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 9:
      return { ...style, strike: true };
    case 22:
      return { ...style, bold: undefined, dim: undefined };
    case 23:
      return { ...style, italic: undefined };
    case 24:
      return { ...style, underline: undefined };
    case 27:
      return { ...style, inverse: undefined };
    case 29:
      return { ...style, strike: undefined };
    case 39:
      return { ...style, fg: undefined };
    case 49:
      return { ...style, bg: undefined };
    default:
      // Blinking and concealed text, among others: hidden text would be a trap.
      return style;
  }
}

function extended(codes: readonly number[], at: number): { colour: Colour | undefined; used: number } {
  if (codes[at] === 5) {
    return { colour: indexed(codes[at + 1] ?? -1), used: 2 };
  }
  if (codes[at] === 2) {
    return { colour: hex(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), used: 4 };
  }
  return { colour: undefined, used: 0 };
}

/** One of xterm's 256 colours: 16 named ones, a cube of 6 × 6 × 6, and 24 greys. */
function indexed(index: number): Colour | undefined {
  if (index < 0 || index > 255) return undefined;
  if (index < 16) return index;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return hex(grey, grey, grey);
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function hex(...parts: [number, number, number]): Colour {
  const text = parts.map((part) => Math.max(0, Math.min(255, part)).toString(16).padStart(2, "0"));
  return `#${text.join("")}`;
}
