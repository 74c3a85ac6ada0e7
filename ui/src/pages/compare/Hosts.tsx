import type { ReactElement } from "react";
import type { Comparison } from "../../api/types";
import { HostLink } from "../../parts/HostLink";

/** Hosts that only one of the runs has. */
export function Hosts({ comparison }: { comparison: Comparison }): ReactElement {
  return (
    <>
      <Names sign="+" word="Added" names={comparison.hosts_added} />
      <Names sign="−" word="Gone" names={comparison.hosts_gone} />
    </>
  );
}

function Names({
  sign,
  word,
  names,
}: {
  sign: string;
  word: string;
  names: readonly string[];
}): ReactElement | null {
  return names.length === 0 ? null : (
    <div className="compare-list">
      <h3 className="compare-list-title">{word}</h3>
      <ul className="compare-names">
        {names.map((name) => (
          <li key={name}>
            <span className="compare-sign" aria-hidden="true">
              {sign}
            </span>
            <HostLink name={name} />
          </li>
        ))}
      </ul>
    </div>
  );
}
