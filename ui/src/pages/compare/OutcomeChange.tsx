import ArrowRightIcon from "@patternfly/react-icons/dist/esm/icons/arrow-right-icon";
import type { ReactElement } from "react";
import { OutcomeLabel } from "../../parts/OutcomeLabel";
import type { Outcome } from "./groups";

/** The outcomes of a result in both runs: "ok → failed". */
export function OutcomeChange({ before, now }: { before: Outcome; now: Outcome }): ReactElement {
  return (
    <span className="compare-change">
      <OutcomeLabel outcome={before === "absent" ? "none" : before} />
      <ArrowRightIcon aria-label="then" role="img" aria-hidden={false} />
      <OutcomeLabel outcome={now === "absent" ? "none" : now} />
    </span>
  );
}
