import type { ReactElement } from "react";
import type { HostsByOutcome } from "../api/types";
import { countWords, describeHosts, HOST_OUTCOMES, totalHosts } from "./hosts";
import "./parts.css";

/**
 * A small bar of a run's hosts by outcome. One failed host of 500 is still visible: each part has a minimum width.
 */
export function HostCounts({ counts }: { counts: HostsByOutcome }): ReactElement {
  const total = totalHosts(counts);
  const words = describeHosts(counts);
  if (total === 0) {
    return <span className="pb-subtle">no hosts</span>;
  }
  return (
    <span className="pb-hosts" title={words}>
      <span className="pb-hosts-bar" aria-hidden="true">
        {HOST_OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => (
          <span
            key={outcome}
            className={`pb-hosts-part pb-is-${outcome}`}
            style={{ flexGrow: counts[outcome] }}
          />
        ))}
      </span>
      <span className="pb-hosts-text">{countWords(counts)}</span>
    </span>
  );
}
