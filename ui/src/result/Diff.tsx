import { type ReactElement, useMemo } from "react";
import { plainText } from "../console/ansi";
import type { Fields } from "./content";
import { type DiffLine, diffLines } from "./diff";

/** Maximum number of lines that are drawn. */
const MOST = 2_000;

/**
 * Maximum number of characters of a line that are drawn: a browser takes long to lay out a megabyte without a
 * newline.
 */
const LONGEST = 2_000;

const SIGNS = { added: "+", removed: "-", same: " ", head: "", note: "⋯" } as const satisfies Record<
  DiffLine["kind"],
  string
>;

/** A difference that a module reported: signs beside the colours. */
export function Diff({ diff }: { diff: Fields }): ReactElement {
  const lines = useMemo(() => diffLines(diff), [diff]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long text is scrolled with keys
    <figure className="pb-diff" tabIndex={0} aria-label="Difference">
      {lines.slice(0, MOST).map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity, and never move
        <code key={at} className={`pb-diff__line pb-is-${line.kind}`}>
          <span className="pb-diff__sign">{SIGNS[line.kind]}</span>
          {diffText(line.text)}
        </code>
      ))}
      {lines.length > MOST && (
        <code className="pb-diff__line pb-is-note">
          ⋯ {lines.length - MOST} more lines: see all that was returned
        </code>
      )}
    </figure>
  );
}

/**
 * A line of a difference: characters that reverse or hide text are visible, and so is a carriage return, by which lines
 * may differ.
 */
export function diffText(text: string): string {
  const left = text.length - LONGEST;
  const shown = plainText((left > 0 ? text.slice(0, LONGEST) : text).replaceAll("\r", "\u240d"));
  return left > 0 ? `${shown} ⋯ ${left.toLocaleString("en")} more characters` : shown;
}
