import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import type { Comparison } from "../../api/types";
import { plainText } from "../../console/ansi";
import { formatHash } from "../../console/selection";
import { integer } from "../../parts/format";

/** Lines of each side that are shown at first. */
const FEW = 25;

/** Printed lines that only one of the runs has. */
export function Output({ comparison }: { comparison: Comparison }): ReactElement {
  const { before, now, output } = comparison;
  const lines = (side: "before" | "now") => output.filter(({ only_in: where }) => where === side);
  return (
    <div className="compare-sides">
      <Side title="Only before" side="before" run={before.id} lines={lines("before")} />
      <Side title="Only now" side="now" run={now.id} lines={lines("now")} />
    </div>
  );
}

interface SideProps {
  title: string;
  side: "before" | "now";
  run: string;
  lines: Comparison["output"];
}

/** The lines of one run; each number opens the console there. */
function Side({ title, side, run, lines }: SideProps): ReactElement {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? lines : lines.slice(0, FEW);
  return (
    <div className={`compare-output compare-only-${side}`}>
      <h3 className="compare-list-title">{title}</h3>
      {lines.length === 0 && <p className="pb-subtle">Nothing</p>}
      <ol>
        {shown.map(({ line, text }) => (
          <li key={line}>
            <Link
              to="/runs/$id/console"
              params={{ id: run }}
              hash={formatHash({ from: line, to: line })}
              aria-label={`Line ${line + 1} in the console`}
              className="compare-number"
            >
              {line + 1}
            </Link>
            <span className="compare-sign" aria-hidden="true">
              {side === "before" ? "−" : "+"}
            </span>
            <code className="compare-text">{plainText(text)}</code>
          </li>
        ))}
      </ol>
      {lines.length > FEW && (
        <Button variant="link" isInline onClick={() => setAll(!isAll)}>
          {isAll ? "Show fewer" : `Show ${integer(lines.length - FEW)} more`}
        </Button>
      )}
    </div>
  );
}
