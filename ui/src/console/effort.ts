/**
 * How long a regular expression may take. JavaScript's engine tries every way to match, which for `(a+)+$`
 * doubles with each further `a`; an expression may come from a link, and would block the page. The
 * collector's engine takes time in proportion to the text, whatever the expression.
 */

/** Maximum number of steps for a line: some milliseconds. */
const MOST_STEPS = 4_000_000;

/**
 * The cost of an expression: `factor` × length ^ `power` steps for a text of that length; infinite if it may
 * double.
 */
export interface Effort {
  readonly power: number;
  readonly factor: number;
}

const ENDLESS: Effort = { power: Number.POSITIVE_INFINITY, factor: 1 };

/** An upper bound for the cost of an expression. It is cautious: a group that is repeated counts as infinite. */
export function effortOf(pattern: string): Effort {
  // It may begin to match at each character.
  let power = 1;
  let factor = 1;
  let isAfterGroup = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const rest = pattern.slice(at);
    if (character === "\\") {
      if (/^\\[1-9k]/.test(rest)) {
        return ENDLESS;
      }
      at += 1;
      isAfterGroup = false;
    } else if (character === "[") {
      at += classLength(rest) - 1;
      isAfterGroup = false;
    } else if (character === "(") {
      if (/^\(\?<?[=!]/.test(rest)) {
        return ENDLESS;
      }
      // The question mark of `(?:` and `(?<name>` repeats nothing.
      at += pattern.charAt(at + 1) === "?" ? 1 : 0;
      isAfterGroup = false;
    } else {
      const repeated = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(rest)?.[0];
      if (repeated === undefined) {
        factor *= character === "|" ? 2 : 1;
      } else if (isAfterGroup && !repeated.startsWith("?")) {
        return ENDLESS;
      } else {
        const times = timesOf(repeated);
        power += times === undefined ? 1 : 0;
        factor *= times ?? 1;
        at += repeated.length - 1;
      }
      isAfterGroup = character === ")";
    }
  }
  return { power, factor };
}

/** Whether a text of this length can be searched in time. */
export function isQuick({ power, factor }: Effort, length: number): boolean {
  return factor * Math.max(2, length) ** power <= MOST_STEPS;
}

/** In how many ways a repetition can match; nothing if only the text limits it. */
function timesOf(repeated: string): number | undefined {
  if (repeated.startsWith("?")) {
    return 2;
  }
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)/.exec(repeated) ?? [];
  if (least === undefined || (comma !== "" && most === "")) {
    return undefined;
  }
  return comma === "" ? 1 : Math.max(1, Number(most) - Number(least) + 1);
}

/** The length of a class of characters, such as `[^\]]`, at the start of the text. */
function classLength(text: string): number {
  return /^\[(?:\\.|[^\\\]])*\]/.exec(text)?.[0].length ?? text.length;
}
