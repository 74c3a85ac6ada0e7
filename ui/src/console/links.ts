/** Finds addresses in text that may become links: http and https only. */

export interface TextPart {
  readonly text: string;
  /** Where the link leads; missing for plain text. */
  readonly href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s"'<>\\^`{|}\u27e8\u27e9]+/g;
/** Characters that end a sentence rather than an address. */
const TRAILING = ".,;:!?*_~";
const LONGEST = 2000;

/** The text in parts; some of them are links. */
export function linkParts(text: string): TextPart[] {
  if (!text.includes("://")) {
    return [{ text }];
  }
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = trimmed(match[0]);
    const href = webAddress(shown);
    if (href !== undefined) {
      if (match.index > from) {
        parts.push({ text: text.slice(from, match.index) });
      }
      parts.push({ text: shown, href });
      from = match.index + shown.length;
    }
  }
  if (from < text.length) {
    parts.push({ text: text.slice(from) });
  }
  return parts;
}

/** Without a final full stop, and without a bracket that was opened before the address. */
function trimmed(address: string): string {
  // Counted once: counting again after each bracket would take quadratic time.
  const extra = new Map([
    [")", count(address, ")") - count(address, "(")],
    ["]", count(address, "]") - count(address, "[")],
  ]);
  let end = address.length;
  while (end > 0) {
    const last = address.charAt(end - 1);
    const left = extra.get(last) ?? 0;
    if (left > 0) {
      extra.set(last, left - 1);
    } else if (!TRAILING.includes(last)) {
      break;
    }
    end -= 1;
  }
  return address.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** The address, if it is a web address and not absurdly long. */
export function webAddress(text: string): string | undefined {
  if (text.length > LONGEST || !URL.canParse(text)) {
    return undefined;
  }
  const url = new URL(text);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
}
