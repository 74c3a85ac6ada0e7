import type { ReactElement } from "react";
import { OUTCOMES, outcomeWords } from "./decode";
import { markPath } from "./marks";

/** The mark and colour of each outcome, with its word. */
export function Legend(): ReactElement {
  return (
    <ul className="pb-matrix__legend" aria-label="Marks of the outcomes">
      {OUTCOMES.map((outcome, code) => (
        <li key={outcome}>
          <Swatch code={code} />
          {outcomeWords(code)}
        </li>
      ))}
    </ul>
  );
}

/** A cell as the canvas draws it. */
export function Swatch({ code }: { code: number }): ReactElement {
  const { d, weight, filled } = markPath(code);
  const outcome = OUTCOMES[code] ?? "absent";
  const colour = `var(--pb-matrix--on-${outcome})`;
  return (
    <svg className="pb-matrix__swatch" viewBox="0 0 1 1" aria-hidden="true">
      <rect width="1" height="1" style={{ fill: `var(--pb-matrix--${outcome})` }} />
      <path d={d} style={{ fill: filled ? colour : "none", stroke: colour, strokeWidth: weight }} />
    </svg>
  );
}
