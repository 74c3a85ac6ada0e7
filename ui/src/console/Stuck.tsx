import type { ReactElement } from "react";
import type { Section } from "./sections";

interface StuckProps {
  sections: readonly Section[];
  /** Whether the gutter is wider for times. */
  times: boolean;
  onGoTo: (line: number) => void;
}

/** The play and the task at the upper edge: a click leads to their headings. */
export function Stuck({ sections, times, onGoTo }: StuckProps): ReactElement {
  return (
    <div className={times ? "pbc-stuck pbc-times" : "pbc-stuck"}>
      {sections.map((section) => (
        <button key={section.from} type="button" onClick={() => onGoTo(section.from)}>
          {section.title}
          {section.failed && (
            <span
              className="pbc-badge"
              role="img"
              aria-label="failed"
              data-word={section.unreachable ? "unreachable" : "failed"}
            />
          )}
        </button>
      ))}
    </div>
  );
}
