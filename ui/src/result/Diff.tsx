import { type ReactElement, useMemo } from "react";
import type { Fields } from "./content";
import { type DiffLine, diffLines } from "./diff";

/** Lines that are drawn, at most. */
const MOST = 2_000;

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
          {line.text}
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
