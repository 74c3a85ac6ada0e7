import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import EqualsIcon from "@patternfly/react-icons/dist/esm/icons/equals-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { Comparison } from "../../api/types";
import { plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import type { Sentence } from "./headline";

interface Props {
  comparison: Comparison;
  sentences: readonly Sentence[];
}

/** The differences at a glance. */
export function Summary({ comparison, sentences }: Props): ReactElement {
  const { summary } = comparison;
  return (
    <section className="compare-summary" aria-label="What is different">
      {!summary.different && (
        <p className="compare-equal">
          <EqualsIcon /> Nothing is different{sentences.length > 0 ? ", apart from this:" : "."}
        </p>
      )}
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence.text} className={`compare-sentence compare-is-${sentence.tone}`}>
            <span className="compare-bullet">
              <Icon tone={sentence.tone} />
            </span>
            <Words {...sentence} />
          </li>
        ))}
      </ul>
      <p className="pb-subtle">
        Compared: {plural(summary.tasks_both, "task")} and {plural(summary.hosts_both, "host")} of both runs,{" "}
        {plural(summary.results_compared, "result")} of each.
      </p>
    </section>
  );
}

function Icon({ tone }: Pick<Sentence, "tone">): ReactElement {
  if (tone === "bad") {
    return <ExclamationCircleIcon />;
  }
  return tone === "good" ? <CheckCircleIcon /> : <span aria-hidden="true">•</span>;
}

function Words({ text, section }: Sentence): ReactElement {
  return section === undefined ? (
    <Name>{text}</Name>
  ) : (
    <Link to="." hash={section} search={(now) => now} className="compare-sentence-link">
      <Name>{text}</Name>
    </Link>
  );
}
